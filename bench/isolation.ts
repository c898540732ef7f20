// What a sandbox costs: the answer to the first message of a new agent, and of a live one, at two levels of isolation,
// in turn in one run. Needs root and bubblewrap. Usage: node bench/isolation.ts [rounds]
import { spawnSync } from 'node:child_process';
import { type Platform, startPlatform } from '../tests/support/platform.ts';

const ROUNDS = Number(process.argv[2] ?? 15);
const TURNS = 8;
const LEVELS = ['sandbox', 'user'] as const;
type Level = (typeof LEVELS)[number];

const platforms = Object.fromEntries(
  await Promise.all(LEVELS.map(async (level) => [level, await startPlatform({ ISOLATION: level })] as const)),
) as Record<Level, Platform>;
const cold: Record<Level, number[]> = { sandbox: [], user: [] };
const live: Record<Level, number[]> = { sandbox: [], user: [] };

for (let round = 0; round <= ROUNDS; round++) {
  for (const level of round % 2 === 0 ? LEVELS : LEVELS.toReversed()) {
    const platform = platforms[level];
    const body = { config: { agent_type: 'custom', system_prompt: 'You are helpful.' }, auto_start: false };
    const { endpoint } = await platform.json('POST', '/api/v1/agents', body);
    const first = await time(async () => {
      await platform.json('POST', `${endpoint}/start`);
      await platform.json('POST', `${endpoint}/messages`, { message: 'hello' });
    });
    // The first round warms the page cache.
    if (round > 0) cold[level].push(first);
    for (let turn = 0; turn < TURNS; turn++) {
      const took = await time(() => platform.json('POST', `${endpoint}/messages`, { message: 'more' }));
      if (round > 0) live[level].push(took);
    }
    await platform.json('DELETE', endpoint);
  }
}
console.log(`${ROUNDS} new agents at each level, ${TURNS} more turns of each; p50 in ms:`);
for (const level of LEVELS)
  console.log(
    `${level.padEnd(8)} start and first answer ${p50(cold[level])}   a turn on a live process ${p50(live[level])}`,
  );
console.log(
  `bwrap alone: ${p50(Array.from({ length: 20 }, () => spawned('bwrap')))}, without it: ${p50(Array.from({ length: 20 }, () => spawned('true')))}`,
);
await Promise.all(LEVELS.map((level) => platforms[level].dispose()));

function spawned(command: 'bwrap' | 'true'): number {
  const args = ['--unshare-all', '--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev', 'true'];
  const began = performance.now();
  spawnSync(command, command === 'bwrap' ? args : []);
  return performance.now() - began;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function p50(values: number[]): string {
  return (values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0).toFixed(1);
}
