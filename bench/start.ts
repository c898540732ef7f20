// What a start costs: from the POST that creates an agent to the first token of its first answer, cold and from the warm
// pool, and from the message to a sleeping agent to its first token, beside the raw Agent SDK's resume of a session as
// long. All on one simulator, in turn. Usage: node bench/start.ts [rounds]
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '@aaas/simulator/start-simulator';
import { query, type SDKUserMessage, type SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import { type Platform, startPlatform, until } from '../tests/support/platform.ts';
import { passableDirectory } from '../tests/support/test-platform.ts';

const ROUNDS = Number(process.argv[2] ?? 15);
const MODEL = 'claude-sonnet-5-5';
const CONFIG = { agent_type: 'general', model: MODEL };

const simulator = await startSimulator({});
const directory = passableDirectory();
const platform = await startPlatform({
  DATA_DIR: join(directory, 'data'),
  MIN_AGENTS: '1',
  WARM_POOL_MEMORY_PERCENT: '20',
  ANTHROPIC_BASE_URL: simulator.url,
});

const times: Record<'cold' | 'warm' | 'wake' | 'raw resume', number[]> = {
  cold: [],
  warm: [],
  wake: [],
  'raw resume': [],
};
const steps = new Map<string, number[]>();
try {
  for (let round = -1; round < ROUNDS; round++) {
    // The one difference: a variable of its own, which is fixed when a process is spawned.
    const cold = await start({ ...CONFIG, env: { ROUND: String(round) } }, 'cold');
    await until(async () => (await platform.json('GET', '/health')).warm_pool.ready > 0, 60_000);
    const warm = await start(CONFIG, 'warm');
    const wake = await wakeUp(warm.agent);
    const raw = await rawResume();
    // The first round warms up.
    if (round < 0) continue;
    times.cold.push(cold.took);
    times.warm.push(warm.took);
    times.wake.push(wake);
    times['raw resume'].push(raw);
  }
  console.log(`${ROUNDS} rounds, milliseconds to the first token:`);
  for (const [name, values] of Object.entries(times))
    console.log(
      `${name.padEnd(11)} p50 ${quantile(values, 0.5).toFixed(0).padStart(5)}   p95 ${quantile(values, 0.95).toFixed(0).padStart(5)}`,
    );
  console.log(`warm / cold        ${ratio(times.warm, times.cold)}`);
  console.log(`wake / raw resume  ${ratio(times.wake, times['raw resume'])}`);
  console.log('steps, p50:');
  for (const [name, values] of steps) console.log(`  ${name.padEnd(24)} ${quantile(values, 0.5).toFixed(1)}`);
} finally {
  await platform.dispose();
  await simulator.close();
  rmSync(directory, { recursive: true, force: true });
}

async function start(config: Record<string, unknown>, kind: 'cold' | 'warm'): Promise<{ agent: string; took: number }> {
  const began = performance.now();
  const agent = await platform.deploy(config);
  await firstToken(platform, agent);
  const took = performance.now() - began;
  await note(agent, kind);
  return { agent, took };
}

async function wakeUp(agent: string): Promise<number> {
  await platform.json('POST', `/api/v1/agents/${agent}/hibernate`);
  await until(async () => (await platform.json('GET', `/api/v1/agents/${agent}`)).status === 'hibernated');
  // The pool replaces the spare that was claimed: its start is not part of this one.
  await until(async () => (await platform.json('GET', '/health')).warm_pool.ready > 0, 60_000);
  const began = performance.now();
  await firstToken(platform, agent);
  const took = performance.now() - began;
  await note(agent, 'resume');
  await platform.request('DELETE', `/api/v1/agents/${agent}`);
  return took;
}

/** Sends a message, and resolves with the first piece of its answer; the rest is read before the next step. */
async function firstToken({ request }: Platform, agent: string): Promise<void> {
  const response = await request(
    'POST',
    `/api/v1/agents/${agent}/messages`,
    { message: 'hello' },
    { accept: 'text/event-stream' },
  );
  if (!response.body) throw new Error(`no stream: ${response.status}`);
  const decoder = new TextDecoder();
  let text = '';
  const reader = response.body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`no token came: ${text}`);
    text += decoder.decode(value, { stream: true });
    if (/event_delta|agent\.message/.test(text)) break;
  }
  void drain(reader);
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}

async function note(agent: string, kind: string): Promise<void> {
  let start: { kind: string; miss: string | null; steps: Record<string, number> } | undefined;
  await until(async () => {
    const { data } = await platform.json('GET', `/api/v1/agents/${agent}/timeline?limit=100`);
    start = data.findLast((step: { start: unknown }) => step.start !== null)?.start;
    return start?.steps.first_token_ms !== undefined;
  });
  if (start?.kind !== kind) throw new Error(`a ${kind} start was ${start?.kind} (${start?.miss})`);
  for (const [step, ms] of Object.entries(start.steps)) {
    const name = `${kind} ${step.replace('_ms', '')}`;
    steps.set(name, [...(steps.get(name) ?? []), ms]);
  }
}

/** The SDK alone: one turn, its end, and a resume in a fresh configuration directory, from query() to the first token. */
async function rawResume(): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), 'aaas-bench-'));
  const sessionId = randomUUID();
  const stored: SessionStoreEntry[] = [];
  const run = async (resume: boolean): Promise<number> => {
    const home = join(root, resume ? 'second' : 'first');
    for (const part of ['work', 'home', 'config'])
      mkdirSync(join(part === 'work' ? root : home, part), { recursive: true });
    const began = performance.now();
    async function* prompt(): AsyncGenerator<SDKUserMessage> {
      yield { type: 'user', message: { role: 'user', content: 'hello' }, parent_tool_use_id: null };
      await ended.promise;
    }
    const ended = Promise.withResolvers<void>();
    let first = 0;
    const session = query({
      prompt: prompt(),
      options: {
        cwd: join(root, 'work'),
        env: {
          PATH: process.env.PATH,
          HOME: join(home, 'home'),
          CLAUDE_CONFIG_DIR: join(home, 'config'),
          ANTHROPIC_BASE_URL: simulator.url,
          ANTHROPIC_API_KEY: 'raw',
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
          DISABLE_AUTOUPDATER: '1',
        },
        model: MODEL,
        settingSources: [],
        tools: ['Bash', 'Read', 'Write', 'Edit', 'Glob', 'Grep'],
        includePartialMessages: true,
        sessionStoreFlush: 'eager',
        sessionStore: {
          append: async (_key, entries) => void stored.push(...entries),
          load: async () => stored,
        },
        ...(resume ? { resume: sessionId } : { sessionId }),
      },
    });
    for await (const message of session) {
      if (message.type === 'stream_event' && first === 0) first = performance.now() - began;
      if (message.type === 'result') ended.resolve();
    }
    return first;
  };
  try {
    await run(false);
    return await run(true);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function quantile(values: number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] as number;
}

function ratio(a: number[], b: number[]): string {
  return (quantile(a, 0.5) / quantile(b, 0.5)).toFixed(2);
}
