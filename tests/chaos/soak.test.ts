import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent, gapsIn } from '../support/deployed-agent.ts';
import { type Platform, script, startPlatform, until } from '../support/platform.ts';
import { findProcesses } from '../support/processes.ts';

// The long one: SOAK_AGENTS=200 SOAK_SECONDS=600 npx vitest run tests/chaos/soak.test.ts
const AGENTS = Number(process.env.SOAK_AGENTS ?? 8);
const SECONDS = Number(process.env.SOAK_SECONDS ?? 20);
const LIVE = Math.max(4, Math.min(Math.ceil(AGENTS / 2), 40));
// Of a hundred blows: so many kill a sandbox, so many stop one, and the rest are for the server.
const KILLS = 60;
const STOPS = 30;
const BLOW_EVERY_MS = 2_000;
const SETTLES_WITHIN_MS = 120_000 + AGENTS * 1_000;
const HEAP_MAX_BYTES = 400e6;

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform({
    MAX_AGENTS: String(LIVE),
    HEALTH_CHECK_INTERVAL: '2',
    MAX_RECOVERY_ATTEMPTS: '20',
    RECOVERY_BACKOFF_SECONDS: '1',
    AGENT_IDLE_TIMEOUT: '20',
    LOG_LEVEL: 'error',
  });
});
afterAll(() => platform?.dispose());

it(`keeps ${AGENTS} agents going for ${SECONDS} s of kills and stops`, {
  timeout: SECONDS * 1_000 + SETTLES_WITHIN_MS * 3,
}, async () => {
  const agents: DeployedAgent[] = [];
  for (let index = 0; index < AGENTS; index++) agents.push(await deployAgent(platform));
  const deadline = Date.now() + SECONDS * 1_000;
  const struck = { killed: 0, stopped: 0, server: 0 };
  const turns = new Map(agents.map((agent) => [agent, [] as string[]]));

  const blows = (async () => {
    while (Date.now() < deadline) {
      await sleep(Math.random() * 2 * BLOW_EVERY_MS);
      await strike(struck);
    }
  })();
  await Promise.all([blows, ...agents.map((agent) => talk(agent, turns.get(agent) as string[], deadline))]);

  const began = performance.now();
  for (const agent of agents) await settle(agent);
  const settledMs = performance.now() - began;
  let messages = 0;
  for (const agent of agents) messages += await check(agent, turns.get(agent) as string[]);
  const owned = await checkProcesses(agents);
  // What failed for a reason that nobody thought of is in the log.
  expect(platform.output()).not.toContain('Something failed inside the platform');
  const heap = await heapBytes();
  expect(heap).toBeLessThan(HEAP_MAX_BYTES);
  console.log(
    JSON.stringify({
      agents: AGENTS,
      seconds: SECONDS,
      messages,
      ...struck,
      settled_ms: Math.round(settledMs),
      owned,
      heap_mb: Math.round(heap / 1e6),
    }),
  );
});

function messageOf(turn: number): string {
  const text = `message ${turn}`;
  if (turn % 3 === 0) return text;
  if (turn % 3 === 1) return script([{ wait_ms: 300 }], text);
  const command = `sleep 0.3; echo ${turn} >> turns.txt`;
  return script([{ text: 'Let me see.' }, { tool: 'Bash', input: { command } }], text);
}

/** A client that retries with its key until its message is accepted, and then waits for the answer. */
async function talk(agent: DeployedAgent, turns: string[], deadline: number): Promise<void> {
  for (let turn = 1; Date.now() < deadline; turn++) {
    const headers = { 'idempotency-key': `turn-${turn}`, prefer: 'respond-async' };
    for (;;) {
      const response = await agent.post(messageOf(turn), headers).catch(() => null);
      const body = (await response?.json().catch(() => null)) as { turn_id?: string; code?: string } | null;
      if (response?.status === 202 && body?.turn_id) {
        turns.push(body.turn_id);
        break;
      }
      // The server is down, or is no longer the one that began with it.
      expect([undefined, 200, 409, 429, 503], JSON.stringify(body)).toContain(response?.status);
      await sleep(100);
    }
    const wanted = turns.at(-1) as string;
    while (Date.now() < deadline) {
      const view = await agent.turn(wanted).catch(() => null);
      if (view && view.state !== 'queued' && view.state !== 'running') break;
      await sleep(100);
    }
    await sleep(Math.random() * 300);
  }
}

async function strike(struck: { killed: number; stopped: number; server: number }): Promise<void> {
  const dice = Math.random() * 100;
  if (dice >= KILLS + STOPS) {
    struck.server++;
    await platform.crash();
    await platform.start();
    return;
  }
  const sandboxes = sandboxProcesses();
  const victim = sandboxes[Math.floor(Math.random() * sandboxes.length)];
  if (!victim) return;
  try {
    process.kill(victim.pid, dice < KILLS ? 'SIGKILL' : 'SIGSTOP');
    struck[dice < KILLS ? 'killed' : 'stopped']++;
  } catch {
    // It has just ended by itself.
  }
}

/** What runs in sandboxes: every process of the platform that carries the marker. */
function sandboxProcesses() {
  return findProcesses(platform.dataDir).filter(({ environment }) => environment.includes('AAAS_SANDBOX='));
}

/** Idle or asleep with nothing left to do, or in an error that says why and ends with `start`. */
async function settle(agent: DeployedAgent): Promise<void> {
  const calm = async () => {
    const { status, status_reason: reason, messages_waiting: waiting } = await agent.view();
    if (status !== 'error') return (status === 'idle' || status === 'hibernated') && waiting === 0;
    expect(reason).toBe('attempts_used_up');
    await agent.order('start');
    return false;
  };
  await until(calm, SETTLES_WITHIN_MS);
}

/** Every accepted message was answered once, in order, and the log has no gap. @returns how many there were. */
async function check(agent: DeployedAgent, turns: string[]): Promise<number> {
  const messages: { turn_id: string; message: string; response: string | null; state: string }[] = [];
  for (let cursor = ''; ; ) {
    const page = await platform.json('GET', `${agent.path}/messages?limit=100${cursor}`);
    messages.push(...page.data);
    if (page.next_cursor === null) break;
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
  expect(messages.map(({ turn_id }) => turn_id)).toEqual(turns);
  for (const [index, { message, response, state }] of messages.entries()) {
    expect(message).toBe(messageOf(index + 1));
    // One that was given up in an error has no answer; what follows counts on.
    if (state === 'completed') expect(response?.trim()).toBe(`Simulated reply ${index + 1}: message ${index + 1}`);
    else expect(state).toBe('failed');
  }
  const log = await agent.log();
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
  expect(new Set(log.map(({ id }) => id)).size).toBe(log.length);
  const uses = log.filter(({ type }) => type === 'agent.tool_use').map(({ id }) => id);
  const results = log.filter(({ type }) => type === 'agent.tool_result').map((event) => event.tool_use_id);
  expect(results.toSorted()).toEqual(uses.toSorted());
  expect(gapsIn(await agent.timeline())).toEqual([]);
  // A tool that may have acted is never repeated.
  const lines = readFileOr(`${agent.directory}/turns.txt`).split('\n').filter(Boolean);
  expect(new Set(lines).size).toBe(lines.length);
  return messages.length;
}

/** What runs belongs to an agent that is awake, and nobody has left a zombie. */
async function checkProcesses(agents: DeployedAgent[]): Promise<number> {
  const awake = new Set<string>();
  for (const agent of agents) if ((await agent.view()).pid !== null) awake.add(agent.sessionId);
  await until(() => sandboxProcesses().every(({ environment }) => awake.has(sessionOf(environment))));
  expect(zombies()).toEqual([]);
  return awake.size;
}

function sessionOf(environment: string): string {
  return /AAAS_SANDBOX=[^\0]*?(sesn_[^/\0]+)/.exec(environment)?.[1] ?? 'none';
}

function zombies(): string[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const [, state, parent] = readFileOr(`/proc/${name}/stat`).replace(/^.*\)/s, ')').split(' ');
    return state === 'Z' && Number(parent) === platform.pid ? [name] : [];
  });
}

async function heapBytes(): Promise<number> {
  const text = await (await platform.request('GET', '/metrics')).text();
  return Number(/^nodejs_heap_size_used_bytes(?:\{[^}]*\})? (\S+)/m.exec(text)?.[1]);
}

function readFileOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
