import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StartReport } from '../../packages/contract/src/starts.ts';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { findProcesses, isAlive } from '../support/processes.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startTestPlatform({ MIN_AGENTS: '2', WARM_POOL_MEMORY_PERCENT: '50', MAX_AGENTS: '6' });
});
afterAll(() => platform?.dispose());

// Of kinds that nobody has asked for yet, each of the likeliest has one spare.
const [POOLED, OTHER] = [{ agent_type: 'general' }, { agent_type: 'research' }] as const;

interface Spare {
  pid: number;
  uid: string | undefined;
  home: string;
  token: string;
  base: string;
}

/** The spares of the platform, as the system sees them. */
function spares(): Spare[] {
  return findProcesses(platform.dataDir)
    .filter(({ command }) => /^\S*\/claude .*--await-claim/.test(command))
    .map(({ pid, environment }) => {
      const value = (name: string) => new RegExp(`(?:^|\0)${name}=([^\0]*)`).exec(environment)?.[1] ?? '';
      const uid = /^Uid:\s+(\d+)/m.exec(statusOf(pid))?.[1];
      return { pid, uid, home: value('HOME'), token: value('ANTHROPIC_API_KEY'), base: value('ANTHROPIC_BASE_URL') };
    });
}

async function lastStart(agent: DeployedAgent): Promise<StartReport | null | undefined> {
  return (await agent.timeline()).findLast(({ start }) => start !== null)?.start;
}

async function ready(count: number): Promise<void> {
  await until(async () => (await platform.json('GET', '/health')).warm_pool.ready >= count, 60_000);
}

async function metric(series: string): Promise<number> {
  const text = await (await platform.request('GET', '/metrics')).text();
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line ? Number(line.slice(series.length + 1)) : Number.NaN;
}

it('gives a new agent a process that is older than the agent, and each its own user, home and token', async () => {
  await ready(2);
  const before = spares();
  expect(before).toHaveLength(2);
  const hits = await metric('aaas_warm_pool_claims_total{outcome="hit"}');
  // A spare answers for nobody: its token opens nothing before it is claimed.
  const ask = (spare: Spare) =>
    askGateway(spare, {
      model: 'claude-sonnet-5-5',
      max_tokens: 10,
      messages: [{ role: 'user', content: 'hello' }],
    });
  const [idle, other] = before as [Spare, Spare];
  expect(await ask(idle)).toBe(403);
  // Nor does it open the door of another sandbox.
  expect(await ask({ ...idle, token: other.token })).toBe(existsSync(doorOf(idle)) ? 401 : 403);

  const [one, two] = await Promise.all([deployAgent(platform, POOLED), deployAgent(platform, OTHER)]);
  expect((await one.say('hello')).response).toBe('Simulated reply 1: hello');
  expect((await two.say('hi')).response).toBe('Simulated reply 1: hi');
  const claimed = await Promise.all([one, two].map(async (agent) => (await agent.view()).pid as number));
  expect(before.map(({ pid }) => pid).sort()).toEqual([...claimed].sort());
  expect(await metric('aaas_warm_pool_claims_total{outcome="hit"}')).toBe(hits + 2);
  for (const field of process.getuid?.() === 0 ? (['uid', 'home', 'token'] as const) : (['home', 'token'] as const))
    expect(new Set(before.map((spare) => spare[field])).size).toBe(2);
  expect(await ask(before.find(({ pid }) => pid === claimed[0]) as Spare)).toBe(200);

  // The same states as of any start; the steps of this one stand in the timeline.
  const timeline = await one.timeline();
  expect(timeline.slice(0, 3).map(({ to }) => to)).toEqual(['starting', 'warming', 'idle']);
  expect(timeline[2]?.start).toMatchObject({ kind: 'warm', miss: null, failed_step: null });
  expect(Object.keys(timeline[2]?.start?.steps ?? {}).sort()).toEqual([
    'claim_ms',
    'directory_ms',
    'first_token_ms',
    'handshake_ms',
    'queue_ms',
  ]);

  // It works where the files of the session are, as the user that they belong to.
  await one.say(script([{ tool: 'Write', input: { file_path: `${one.directory}/note.txt`, content: 'kept' } }]));
  expect(readFileSync(`${one.directory}/note.txt`, 'utf8')).toBe('kept');
  const uploaded = await platform.request('PUT', `${one.path}/files/sent.txt`, 'x');
  expect(uploaded.ok).toBe(true);
  expect(statSync(`${one.directory}/sent.txt`).uid).toBe(statSync(`${one.directory}/note.txt`).uid);

  // Sleep and wake as ever: another process goes on from the transcript, as the same user.
  await one.order('hibernate');
  await one.reaches('hibernated');
  expect(isAlive(claimed[0] as number)).toBe(false);
  expect((await one.say('again')).response).toBe('Simulated reply 3: again');
  expect(await lastStart(one)).toMatchObject({ kind: 'resume', miss: null });

  // Deleted, nothing of it is left.
  const path = before.find(({ pid }) => pid === claimed[1])?.home.replace(/\/home$/, '') as string;
  expect(readlinkSync(path)).toBe(two.sessionId);
  await platform.request('DELETE', two.path);
  await until(() => !existsSync(two.root));
});

it('says in the timeline why a start was cold', async () => {
  const own = await deployAgent(platform, { ...POOLED, env: { COLOR: 'green' } });
  await own.reaches('idle');
  expect(await lastStart(own)).toMatchObject({
    kind: 'cold',
    miss: 'own_env',
    steps: { directory_ms: expect.any(Number), spawn_ms: expect.any(Number), handshake_ms: expect.any(Number) },
  });
  expect(await metric('aaas_warm_pool_claims_total{outcome="own_env"}')).toBeGreaterThanOrEqual(1);
  expect(await metric('aaas_sandbox_start_seconds_count{kind="cold",step="handshake"}')).toBeGreaterThanOrEqual(1);
});

it('names the step in which a start failed, what was said last, and a hint', async () => {
  await platform.json('PATCH', '/api/v1/settings', { MAX_RECOVERY_ATTEMPTS: 0 });
  const agent = await deployAgent(platform, { ...POOLED, env: { COLOR: 'red' } }, false);
  await agent.order('start');
  await until(async () => {
    for (const { pid } of findProcesses(agent.root)) killIfThere(pid);
    return (await agent.view()).status === 'error';
  });
  const view = await agent.view();
  expect(view).toMatchObject({ status_reason: 'attempts_used_up', pid: null });
  expect(view.status_detail).toContain('ended by SIGKILL');
  expect(view.next_action).toMatch(/start it again.*the kernel killed the process/);
  // Its first process may be killed before it is Claude Code.
  const killedIn = expect.stringMatching(/^(spawn|handshake)$/);
  expect((await agent.timeline()).at(-1)).toMatchObject({
    to: 'error',
    start: { kind: 'cold', failed_step: killedIn, hint: expect.stringContaining('killed the process') },
  });
  await agent.order('start');
  expect((await agent.say('better?')).response).toBe('Simulated reply 1: better?');
});

it('replaces a spare that dies, warms a kind that is asked for, and lets go of all when it is switched off', async () => {
  await ready(1);
  const [victim] = spares();
  process.kill(victim?.pid as number, 'SIGKILL');
  await until(async () => spares().every(({ pid }) => pid !== victim?.pid));
  await ready(1);

  const rare = { agent_type: 'custom', system_prompt: 'You sort mail.', allowed_tools: ['Read'] };
  const missed = await deployAgent(platform, rare);
  await missed.reaches('idle');
  expect(await lastStart(missed)).toMatchObject({ miss: 'pool_empty' });
  await until(async () => {
    const agent = await deployAgent(platform, rare);
    await agent.reaches('idle');
    const start = await lastStart(agent);
    await platform.request('DELETE', agent.path);
    return start?.kind === 'warm';
  }, 60_000);

  const settings = { WARM_POOL_MEMORY_PERCENT: 0 };
  await platform.json('PATCH', '/api/v1/settings', settings);
  await until(() => spares().filter(({ home }) => !isClaimed(home)).length === 0, 60_000);
});

function isClaimed(home: string): boolean {
  try {
    return readlinkSync(home.replace(/\/home$/, '')) !== '';
  } catch {
    return false;
  }
}

/** Empty when the process has ended meanwhile. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

/** The socket by which a sandbox reaches the gateway; without sandboxes there is none. */
function doorOf({ home }: Spare): string {
  return join(home, '../run/gateway.sock');
}

/** Asks the gateway as a spare would. @returns the status of the answer. */
function askGateway(spare: Spare, body: object): Promise<number> {
  const { token, base } = spare;
  const where = existsSync(doorOf(spare)) ? { socketPath: doorOf(spare) } : { port: new URL(base).port };
  const headers = { 'x-api-key': token, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
  return new Promise((resolve, reject) => {
    request({ ...where, method: 'POST', path: '/v1/messages', headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    })
      .once('error', reject)
      .end(JSON.stringify(body));
  });
}

/** With the first of a tree the others may be gone already. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
