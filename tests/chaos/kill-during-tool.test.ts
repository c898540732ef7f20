import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Platform, script, startPlatform, until } from '../support/platform.ts';
import { processesOf } from '../support/processes.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.dispose());

it('loses nothing and repeats nothing when the server is killed while a tool runs', async () => {
  const agent = await platform.deploy();
  expect((await platform.json('POST', `/api/v1/agents/${agent}/messages`, { message: 'one' })).response).toContain(
    'reply 1',
  );

  const slow = 'sleep 5; echo line >> n.txt';
  const message = script([
    { tool: 'Write', input: { file_path: 'slow.sh', content: slow } },
    { tool: 'Bash', input: { command: 'sh slow.sh' } },
  ]);
  const { turn_id: turn } = await platform.json(
    'POST',
    `/api/v1/agents/${agent}/messages`,
    { message },
    { prefer: 'respond-async' },
  );
  await until(async () => (await toolUses(agent)).some((use) => use.name === 'Bash'));
  await until(() => processesOf(platform.dataDir).some((command) => command.includes('slow.sh')));

  const old = processesOf(platform.dataDir);
  expect(old.length).toBeGreaterThan(0);
  await platform.crash();
  await until(() => processesOf(platform.dataDir).length === 0);
  await platform.start();

  await until(async () => ended(await platform.json('GET', `/api/v1/agents/${agent}/turns/${turn}`)), 30_000);
  const events = await log(agent);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
  const results = events.filter((event) => event.type === 'agent.tool_result').map((event) => event.tool_use_id);
  const uses = events.filter((event) => event.type === 'agent.tool_use').map((event) => event.id);
  expect(results.toSorted()).toEqual(uses.toSorted());
  const unknown = events.filter((event) => JSON.stringify(event.content ?? '').includes('its outcome is unknown'));
  expect(unknown.length).toBe(1);

  const next = await platform.json('POST', `/api/v1/agents/${agent}/messages`, { message: 'three' });
  expect(next.response).toContain('reply 3');
  expect(linesOf('n.txt').length).toBeLessThanOrEqual(1);
});

async function log(agent: string) {
  return (await platform.json('GET', `/api/v1/agents/${agent}/events?limit=1000`)).data as {
    seq: number;
    id: string;
    type: string;
    tool_use_id?: string;
    content?: unknown;
  }[];
}

async function toolUses(agent: string) {
  return (await log(agent)).filter((event) => event.type === 'agent.tool_use') as unknown as { name: string }[];
}

function ended(turn: { state: string }): boolean {
  return turn.state !== 'queued' && turn.state !== 'running';
}

function linesOf(file: string): string[] {
  const sessions = join(platform.dataDir, 'sessions');
  return readdirSync(sessions).flatMap((session) => {
    try {
      return readFileSync(join(sessions, session, 'work', file), 'utf8')
        .trim()
        .split('\n');
    } catch {
      return [];
    }
  });
}
