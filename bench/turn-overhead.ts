// What the platform adds to a turn: the raw Agent SDK against a deployed agent, both on one simulator, turn by turn in
// one run. Usage: node bench/turn-overhead.ts [turns]
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '@aaas/simulator/start-simulator';
import { query, type SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import { startPlatform } from '../tests/support/platform.ts';

const TURNS = Number(process.argv[2] ?? 100);
// PostgreSQL plans a statement anew the first five times on each connection.
const WARM_UP = 20;
const MODEL = 'claude-sonnet-5-5';

const simulator = await startSimulator({});
const raw = openRaw(simulator.url);
const platform = await startPlatform({
  ANTHROPIC_BASE_URL: simulator.url,
  ...(process.env.DATABASE_URL ? { DATABASE_URL: process.env.DATABASE_URL } : {}),
});
const agent = await platform.deploy({
  agent_type: 'custom',
  system_prompt: 'You are helpful.',
  allowed_tools: ['Bash', 'Read', 'Write', 'Edit', 'Glob', 'Grep'],
  permission_mode: 'bypassPermissions',
  model: MODEL,
});

const connection = new http.Agent({ keepAlive: true });
const headers = { 'x-api-key': platform.key, 'content-type': 'application/json' };
const times: Record<'raw' | 'platform', number[]> = { raw: [], platform: [] };
for (let turn = 0; turn < TURNS + WARM_UP; turn++) {
  const message = `turn ${turn}`;
  const pair = { raw: await time(() => raw.turn(message)), platform: await time(() => send(message)) };
  if (turn < WARM_UP) continue;
  times.raw.push(pair.raw);
  times.platform.push(pair.platform);
}

const row = (name: string, values: number[]) =>
  console.log(
    `${name.padEnd(10)} p50 ${quantile(values, 0.5).toFixed(1)} ms   p95 ${quantile(values, 0.95).toFixed(1)} ms`,
  );
console.log(`${TURNS} text turns on a live process, in turn:`);
row('raw SDK', times.raw);
row('platform', times.platform);
console.log(`ratio of the medians ${(quantile(times.platform, 0.5) / quantile(times.raw, 0.5)).toFixed(2)}`);
connection.destroy();
raw.close();
await platform.dispose();
await simulator.close();

// A plain client on one connection: what fetch costs in this process is not the platform's.
function send(message: string): Promise<void> {
  const body = JSON.stringify({ message });
  const options = {
    method: 'POST',
    agent: connection,
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
  };
  return new Promise((resolve, reject) => {
    const request = http.request(`${platform.url}/api/v1/agents/${agent}/messages`, options, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`the platform answered ${response.statusCode}`));
      });
    });
    request.on('error', reject).end(body);
  });
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function quantile(values: number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] as number;
}

function openRaw(baseUrl: string) {
  const dir = mkdtempSync(join(tmpdir(), 'aaas-bench-'));
  for (const name of ['home', 'config', 'work', 'tmp']) mkdirSync(join(dir, name));
  let push: (message: SDKUserMessage) => void = () => {};
  async function* input() {
    for (;;) {
      yield await new Promise<SDKUserMessage>((resolve) => {
        push = resolve;
      });
    }
  }
  const run = query({
    prompt: input(),
    options: {
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
      tools: ['Bash', 'Read', 'Write', 'Edit', 'Glob', 'Grep'],
      includePartialMessages: true,
    },
  });
  let done: () => void = () => {};
  void (async () => {
    for await (const message of run) if (message.type === 'result') done();
  })().catch(() => {});
  return {
    turn: async (text: string) => {
      const ended = new Promise<void>((resolve) => {
        done = resolve;
      });
      push({ type: 'user', message: { role: 'user', content: text }, parent_tool_use_id: null, uuid: randomUUID() });
      await ended;
    },
    close: () => {
      run.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
