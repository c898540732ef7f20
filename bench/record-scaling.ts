// Records what auto-scaling sees of a load: a platform of one node with four places, a look each second, for two minutes:
// quiet, then sixteen agents that always have work, then three, then none. Two minutes stand for an hour: times are
// stretched thirtyfold (waits and the seconds between looks grow, rates shrink; starts stay as long as they were).
// Usage: node bench/record-scaling.ts > apps/server/src/fleet/autoscaler/decide/recorded-load.jsonl

import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetSample, NodeSample } from '../apps/server/src/fleet/autoscaler/signals/samples.ts';
import { type DeployedAgent, deployAgent } from '../tests/support/deployed-agent.ts';
import { script } from '../tests/support/platform.ts';
import { openRows } from '../tests/support/rows.ts';
import { startTestPlatform } from '../tests/support/test-platform.ts';

const STRETCH = 30;
const QUIET_UNTIL = 15;
const BURST_UNTIL = 50;
const SOME_UNTIL = 70;
const END = 120;

const platform = await startTestPlatform({
  ...{ MAX_AGENTS: '4', MIN_AGENTS: '1', WARM_POOL_MEMORY_PERCENT: '10', PLACE_SECONDS: '1' },
  ...{ SCALE_LOOP_SECONDS: '1', SCALE_WINDOW_SECONDS: '10', SCALE_RETENTION_DAYS: '1' },
});
const rows = openRows(platform);
try {
  const began = await now();
  const first = await deployAgent(platform, { agent_type: 'general' });
  const quiet = converse([first], began, QUIET_UNTIL, 200, 3_000);
  await until(began, QUIET_UNTIL);
  const crowd: DeployedAgent[] = [];
  for (let n = 0; n < 16; n++) crowd.push(await deployAgent(platform, { agent_type: 'general' }));
  const some = crowd.slice(0, 3);
  await Promise.all([quiet, converse(crowd, began, BURST_UNTIL, 1_500, 0)]);
  await converse(some, began, SOME_UNTIL, 1_500, 500);
  await until(began, END);
  const samples: { at: Date; node_id: string | null; sample: FleetSample | NodeSample }[] = await rows.query(
    'select at, node_id, sample from scale_samples where at >= $1 order by id',
    [new Date(began)],
  );
  for (const { at, node_id, sample } of samples) {
    const t = Math.round(((at.getTime() - began) * STRETCH) / 1_000);
    const stretched = node_id === null ? ofFleet(sample as FleetSample) : ofNode(sample as NodeSample);
    console.log(JSON.stringify({ t, scope: node_id === null ? 'fleet' : 'node', sample: stretched }));
  }
} finally {
  await rows.close();
  await platform.dispose();
}

function ofFleet(sample: FleetSample): FleetSample {
  const { oldest_wait_seconds, arrivals_per_minute } = sample;
  return {
    ...sample,
    oldest_wait_seconds: Math.round(oldest_wait_seconds * STRETCH),
    arrivals_per_minute: Math.round((arrivals_per_minute / STRETCH) * 10) / 10,
  };
}

function ofNode({ standing: _, ...sample }: NodeSample) {
  return { ...sample, seconds: Math.round(sample.seconds * STRETCH) };
}

async function now(): Promise<number> {
  return (await rows.query('select now() as now'))[0].now.getTime();
}

async function until(began: number, seconds: number): Promise<void> {
  await sleep(Math.max(0, began + seconds * 1_000 - Date.now()));
}

/** Each of them works for `workMs` and rests for `restMs`, again and again, until so many seconds have passed. */
async function converse(agents: DeployedAgent[], began: number, until: number, workMs: number, restMs: number) {
  await Promise.all(
    agents.map(async (agent) => {
      while (Date.now() < began + until * 1_000) {
        await agent.say(script([{ wait_ms: workMs }, { text: 'done' }]));
        await sleep(restMs);
      }
    }),
  );
}
