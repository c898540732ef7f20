// How long the first answer of a sleeping agent takes, against the raw Agent SDK that resumes the same kind of
// conversation from a store in memory; both on one simulator, in turn. Usage: node bench/wake.ts [wakes]
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '@aaas/simulator/start-simulator';
import { query, type SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import { startPlatform, until } from '../tests/support/platform.ts';

const WAKES = Number(process.argv[2] ?? 20);
const WARM_UP = 2;
const MODEL = 'claude-sonnet-5-5';
const TOOLS = ['Bash', 'Read', 'Write', 'Edit', 'Glob', 'Grep'];

const simulator = await startSimulator({});
const platform = await startPlatform({
  ANTHROPIC_BASE_URL: simulator.url,
  ...(process.env.DATABASE_URL ? { DATABASE_URL: process.env.DATABASE_URL } : {}),
});
const id = await platform.deploy({
  agent_type: 'custom',
  system_prompt: 'You are helpful.',
  allowed_tools: TOOLS,
  permission_mode: 'bypassPermissions',
  model: MODEL,
});
const agent = `/api/v1/agents/${id}`;
const raw = openRaw(simulator.url);
await raw.say('hello');
await say();

const times: Record<'raw' | 'platform', number[]> = { raw: [], platform: [] };
for (let n = 0; n < WAKES + WARM_UP; n++) {
  await platform.json('POST', `${agent}/hibernate`);
  await until(async () => (await platform.json('GET', agent)).status === 'hibernated');
  const pair = { raw: await time(() => raw.say('hello')), platform: await time(say) };
  if (n < WARM_UP) continue;
  times.raw.push(pair.raw);
  times.platform.push(pair.platform);
}
for (const [name, values] of Object.entries(times)) {
  console.log(
    `${name.padEnd(9)} p50 ${quantile(values, 0.5).toFixed(0)} ms   p95 ${quantile(values, 0.95).toFixed(0)} ms`,
  );
}
console.log(`ratio of the medians ${(quantile(times.platform, 0.5) / quantile(times.raw, 0.5)).toFixed(2)}`);
raw.close();
await platform.dispose();
await simulator.close();

function say(): Promise<unknown> {
  return platform.json('POST', `${agent}/messages`, { message: 'hello' });
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function quantile(values: number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] as number;
}

/** One conversation, each message in a process of its own that resumes it. */
function openRaw(baseUrl: string) {
  const dir = mkdtempSync(join(tmpdir(), 'aaas-bench-'));
  for (const name of ['home', 'config', 'work', 'tmp']) mkdirSync(join(dir, name));
  const sessionId = randomUUID();
  const stored: SessionStoreEntry[] = [];
  return {
    say: async (text: string) => {
      const run = query({
        prompt: text,
        options: {
          ...(stored.length > 0 ? { resume: sessionId } : { sessionId }),
          cwd: join(dir, 'work'),
          env: {
            PATH: process.env.PATH,
            HOME: join(dir, 'home'),
            CLAUDE_CONFIG_DIR: join(dir, 'config'),
            TMPDIR: join(dir, 'tmp'),
            ANTHROPIC_BASE_URL: baseUrl,
            ANTHROPIC_API_KEY: 'bench',
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
            DISABLE_AUTOUPDATER: '1',
          },
          settingSources: [],
          model: MODEL,
          systemPrompt: 'You are helpful.',
          tools: TOOLS,
          includePartialMessages: true,
          sessionStoreFlush: 'eager',
          sessionStore: {
            append: async (_key, entries) => void stored.push(...entries),
            load: async () => (stored.length === 0 ? null : [...stored]),
          },
        },
      });
      for await (const message of run) if (message.type === 'result') break;
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}
