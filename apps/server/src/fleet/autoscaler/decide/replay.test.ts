// An hour of load, replayed. bench/record-scaling.ts recorded it from a running platform of one node with four places:
// a quiet agent, then sixteen that always have work, then three, then none.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fleetSignals } from '../signals/fleet-signals.ts';
import { nodeSignals } from '../signals/node-signals.ts';
import { type FleetSample, inWindow, missingSamples, type NodeSample, type Taken } from '../signals/samples.ts';
import { decideFleet } from './decide-fleet.ts';
import { decideIdle, decideSpares } from './decide-node.ts';
import type { Decision, LastMove } from './decision.ts';
import type { ScaleRules } from './scale-rules.ts';

type Line = { t: number } & ({ scope: 'fleet'; sample: FleetSample } | { scope: 'node'; sample: NodeSample });

const LINES = readFileSync(new URL('./recorded-load.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);

// As the settings are by default.
const RULES: ScaleRules = {
  enabled: true,
  up: 0.8,
  down: 0.3,
  waitSeconds: 10,
  startSeconds: 10,
  windowSeconds: 300,
  loopSeconds: 30,
  upCooldownSeconds: 60,
  downCooldownSeconds: 300,
};

/** `at second: from → to (reason)`, and each new reason to hold. */
function record(decisions: string[], what: string): (t: number, decision: Decision) => void {
  let before = '';
  return (t, { action, from, to, reason }) => {
    if (action !== 'hold') decisions.push(`${t}: ${what} ${from} → ${to} (${reason})`);
    else if (reason !== before) decisions.push(`${t}: ${what} ${from} (${reason})`);
    before = reason;
  };
}

/** What the recorded work would look like on so many nodes of the same size. */
function onNodes(recorded: FleetSample, nodes: number): FleetSample {
  const places = recorded.places * nodes;
  const work = recorded.working + recorded.waiting;
  const waiting = Math.max(0, work - places);
  return {
    ...recorded,
    ...{ nodes, places, waiting, working: work - waiting },
    held: Math.min(places, recorded.held + recorded.waiting),
    oldest_wait_seconds: waiting > 0 ? recorded.oldest_wait_seconds : 0,
  };
}

/** Nodes come a minute and a half after they were asked for, and go as quickly. */
const NODE_SECONDS = 90;

function replayFleet(lines: Line[], bounds = { min: 1, max: 10 }): string[] {
  const decisions: string[] = [];
  const say = record(decisions, 'nodes');
  const taken: Taken<FleetSample>[] = [];
  let [live, desired, last]: [number, number, LastMove] = [1, 1, null];
  let asked: { nodes: number; at: number }[] = [];
  for (const line of lines) {
    if (line.scope !== 'fleet') continue;
    const now = line.t * 1_000;
    live = asked.findLast(({ at }) => at <= line.t - NODE_SECONDS)?.nodes ?? live;
    const sample = onNodes(line.sample, live);
    taken.push({ at: now, sample });
    const window = inWindow(taken, now, RULES.windowSeconds);
    const decision = decideFleet({
      ...{ signals: fleetSignals(window), latest: sample, missing: missingSamples(window.length, RULES) },
      ...{ rules: RULES, bounds, state: { desired, last }, now },
    });
    say(line.t, decision);
    if (decision.action === 'hold') continue;
    desired = decision.to as number;
    last = { at: now };
    asked = [...asked, { nodes: desired, at: line.t }];
  }
  return decisions;
}

function replayNode(lines: Line[]): string[] {
  const decisions: string[] = [];
  const say = { spares: record(decisions, 'spares'), idle: record(decisions, 'idle') };
  const taken: Taken<NodeSample>[] = [];
  const spares = { value: 1, bounds: { min: 1, max: 9 }, last: null as LastMove };
  const idle = { value: 300, bounds: { min: 60, max: 300 }, last: null as LastMove };
  for (const line of lines) {
    if (line.scope !== 'node') continue;
    const now = line.t * 1_000;
    taken.push({ at: now, sample: line.sample });
    const window = inWindow(taken, now, RULES.windowSeconds);
    const signals = nodeSignals(window, spares.value);
    const input = { signals, missing: missingSamples(window.length, RULES), rules: RULES, now };
    const made = { spares: decideSpares(input, spares), idle: decideIdle(input, idle) };
    for (const [name, scaled] of [
      ['spares', spares],
      ['idle', idle],
    ] as const) {
      say[name](line.t, made[name]);
      if (made[name].action === 'hold') continue;
      scaled.value = made[name].to as number;
      scaled.last = { at: now };
    }
  }
  return decisions;
}

it('scales the fleet with a recorded load, and no further than it needs', () => {
  // Sixteen at work on four places each: five nodes are 80 % used.
  expect(replayFleet(LINES)).toEqual([
    '43: nodes 1 (data_missing)',
    '168: nodes 1 (at_min)',
    '485: nodes 1 (within_thresholds)',
    '517: nodes 1 → 2 (use_high)',
    '549: nodes 2 (nodes_coming)',
    '613: nodes 2 → 3 (queue_waits)',
    '648: nodes 3 (nodes_coming)',
    '715: nodes 3 → 5 (queue_waits)',
    '746: nodes 5 (nodes_coming)',
    '807: nodes 5 (within_thresholds)',
    '2057: nodes 5 → 4 (use_low)',
    '2088: nodes 4 (nodes_leaving)',
    '2150: nodes 4 (cooldown)',
    '2364: nodes 4 → 3 (use_low)',
    '2398: nodes 3 (nodes_leaving)',
    '2459: nodes 3 (cooldown)',
    '2675: nodes 3 → 2 (use_low)',
    '2706: nodes 2 (nodes_leaving)',
    '2767: nodes 2 (cooldown)',
    '2981: nodes 2 → 1 (use_low)',
    '3013: nodes 1 (at_min)',
  ]);
});

it('stays between its bounds with the same load', () => {
  const moves = replayFleet(LINES, { min: 2, max: 3 }).filter((decision) => decision.includes('→'));
  expect(moves).toEqual([
    '43: nodes 1 → 2 (below_min)',
    '549: nodes 2 → 3 (queue_waits)',
    '2180: nodes 3 → 2 (use_low)',
  ]);
});

it('holds where the record has gaps', () => {
  // Nobody looked from the tenth minute to the fourteenth.
  const gap = LINES.filter(({ t }) => t < 600 || t > 840);
  expect(replayFleet(gap).slice(3, 7)).toEqual([
    '517: nodes 1 → 2 (use_high)',
    '549: nodes 2 (nodes_coming)',
    '872: nodes 2 (data_missing)',
    '1007: nodes 2 → 3 (queue_waits)',
  ]);
});

it('scales the node with a recorded load', () => {
  expect(replayNode(LINES)).toEqual([
    '42: spares 1 (data_missing)',
    '42: idle 300 (data_missing)',
    '167: spares 1 (at_min)',
    '167: idle 300 (within_thresholds)',
    '229: idle 300 → 210 (use_low)',
    '262: idle 210 (cooldown)',
    '293: idle 210 (within_thresholds)',
    '362: idle 210 (cooldown)',
    '484: spares 1 (within_thresholds)',
    '484: idle 210 (within_thresholds)',
    '579: idle 210 → 300 (use_high)',
    '611: spares 1 → 2 (use_high)',
    '611: idle 300 (at_max)',
    '644: spares 2 (within_thresholds)',
    '1037: spares 2 → 1 (use_low)',
    '1069: spares 1 (within_thresholds)',
    '1431: spares 1 (at_min)',
    '2118: idle 300 (within_thresholds)',
    '2301: idle 300 → 210 (use_low)',
    '2333: idle 210 (cooldown)',
    '2613: idle 210 → 147 (use_low)',
    '2643: idle 147 (cooldown)',
    '2920: idle 147 → 103 (use_low)',
    '2950: idle 103 (cooldown)',
    '3226: idle 103 → 73 (use_low)',
    '3256: idle 73 (cooldown)',
    '3531: idle 73 → 60 (use_low)',
    '3562: idle 60 (at_min)',
  ]);
});
