import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent, type LogEntry } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { findProcesses } from '../support/processes.ts';
import { startTestPlatform } from '../support/test-platform.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

let platform: Platform;
let receiver: WebhookReceiver;
beforeAll(async () => {
  receiver = await startWebhookReceiver();
  platform = await startTestPlatform({ WEBHOOK_ALLOW_PRIVATE: '127.0.0.1' });
});
afterAll(async () => {
  await platform?.dispose();
  await receiver?.close();
});

const line = (file: string) => ({ tool: 'Bash', input: { command: `echo line >> ${file}` } });
const say = (text: string) => ({ text });

interface Approval {
  id: string;
  tool: string;
  input: unknown;
  status: string;
  turn_id: string;
  [field: string]: unknown;
}

const asking = (config: Record<string, unknown> = {}) =>
  deployAgent(platform, { permission_mode: 'default', ...config });

async function asks(agent: DeployedAgent, count = 1): Promise<Approval[]> {
  let found: Approval[] = [];
  const path = `/api/v1/approvals?agent_id=${agent.id}&status=open`;
  // Listed in the log too: from then on the session waits.
  const listed = async () =>
    (await agent.log()).findLast((entry) => entry.stop_reason?.type === 'requires_action')?.stop_reason.event_ids ?? [];
  await until(async () => {
    found = (await platform.json('GET', path)).data.toReversed();
    return found.length === count && (await listed()).length === count;
  }, 30_000);
  return found;
}

/** The asks of `steps`, as they were scripted: calls of one answer may be asked in any order. */
async function asksOf(agent: DeployedAgent, steps: { input: unknown }[]): Promise<(Approval | undefined)[]> {
  const found = await asks(agent, steps.length);
  return steps.map(({ input }) => found.find((ask) => isDeepStrictEqual(ask.input, input)));
}

const decide = (approval: Approval | undefined, decision: 'allow' | 'deny', message?: string) =>
  platform.request('POST', `/api/v1/approvals/${approval?.id}`, { decision, ...(message && { message }) });

const linesOf = (agent: DeployedAgent, file: string) => {
  const path = join(agent.directory, file);
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').length : 0;
};

/** Every call has exactly one result. */
async function pairs(agent: DeployedAgent): Promise<[LogEntry, LogEntry][]> {
  const log = await agent.log();
  const uses = log.filter((entry) => entry.type === 'agent.tool_use');
  const results = log.filter((entry) => entry.type === 'agent.tool_result');
  expect(results.map((entry) => entry.tool_use_id).toSorted()).toEqual(uses.map((entry) => entry.id).toSorted());
  return uses.map((use) => [use, results.find((entry) => entry.tool_use_id === use.id) as LogEntry]);
}

describe('a call that is asked about', () => {
  it('waits, with its session idle, and runs once when it is allowed', async () => {
    await platform.json('POST', '/api/v1/webhooks', { url: `${receiver.url}/asks`, events: ['approval.*'] });
    const agent = await asking();
    const response = await agent.post(script([line('a.txt'), say('done')]));
    expect(response.status).toBe(202);
    const [ask] = await asks(agent);
    expect(await response.json()).toMatchObject({ approvals: [ask?.id], turn_id: ask?.turn_id });
    expect(ask).toMatchObject({ tool: 'Bash', input: line('a.txt').input, status: 'open', decided_by: null });
    expect(await agent.view()).toMatchObject({ status: 'idle', status_reason: 'approval_requested' });
    expect(await platform.json('GET', `/v1/sessions/${agent.sessionId}`)).toMatchObject({ status: 'idle' });
    expect(linesOf(agent, 'a.txt')).toBe(0);
    const metrics = async () => (await platform.request('GET', '/metrics')).text();
    await until(async () => (await metrics()).includes('aaas_open_approvals 1'));

    const decided = (await (await decide(ask, 'allow')).json()) as Approval;
    expect(decided).toMatchObject({ status: 'allowed', decided_by: expect.stringMatching(/^apikey_/) });
    expect(await agent.ended(ask?.turn_id ?? '')).toMatchObject({
      state: 'completed',
      response: 'done',
      approvals: [],
    });
    expect(linesOf(agent, 'a.txt')).toBe(1);
    const types = (await agent.log()).map((entry) => entry.type).filter((type) => !/^x\.|span|usage|thread/.test(type));
    expect(types).toEqual([
      ...['user.message', 'session.status_running', 'agent.tool_use', 'session.status_idle'],
      ...['user.tool_confirmation', 'session.status_running', 'agent.tool_result', 'agent.message'],
      'session.status_idle',
    ]);
    expect((await pairs(agent))[0]?.[0]).toMatchObject({ id: ask?.id, evaluated_permission: 'ask' });
    const audited = await platform.json('GET', '/api/v1/audit?operation=approvals.decide');
    expect(audited.data[0]).toMatchObject({ operation: 'approvals.decide', outcome: 'success' });
    const told = (await receiver.receives('/asks', 2)).map(({ event }) => event);
    const facts = { approval_id: ask?.id, agent_id: agent.id, tool: 'Bash', input: ask?.input };
    expect(told).toMatchObject([
      { type: 'approval.requested', data: { ...facts, status: 'open' } },
      { type: 'approval.resolved', data: { ...facts, status: 'allowed', decided_by: decided.decided_by } },
    ]);
    expect(await metrics()).toContain('aaas_approval_wait_seconds_count{decision="allowed"} 1');
    // The same again is the same; what was decided stands.
    expect(await (await decide(ask, 'allow')).json()).toEqual(decided);
    const otherwise = await decide(ask, 'deny');
    expect([otherwise.status, await otherwise.json()]).toMatchObject([409, { code: 'approval_decided' }]);
    expect(linesOf(agent, 'a.txt')).toBe(1);
  });

  it('tells the model why it was denied, and takes the next message after its turn', async () => {
    const agent = await asking();
    const turn = await agent.begin(script([line('no.txt'), say('{{tool_result}}')]));
    const [ask] = await asks(agent);
    const second = await agent.begin('what now?');
    expect((await agent.turn(second)).state).toBe('queued');
    expect((await decide(ask, 'deny', 'not on a Sunday')).status).toBe(200);
    expect((await agent.ended(turn)).response).toContain('not on a Sunday');
    expect((await agent.ended(second)).response).toContain('reply 2');
    expect([linesOf(agent, 'no.txt'), (await pairs(agent))[0]?.[1].is_error]).toEqual([0, true]);
    const confirmation = (await agent.log()).find((entry) => entry.type === 'user.tool_confirmation');
    expect(confirmation).toMatchObject({ tool_use_id: ask?.id, result: 'deny', deny_message: 'not on a Sunday' });
  });

  it('is asked together with the others of one answer, and each is answered by itself', async () => {
    const agent = await asking();
    const steps = [line('p1.txt'), { ...line('p2.txt'), parallel: true }, { ...line('p3.txt'), parallel: true }];
    const turn = await agent.begin(script([...steps, say('all done')]));
    const [one, two, three] = await asksOf(agent, steps);
    expect([one, two, three]).not.toContain(undefined);
    await decide(one, 'allow');
    // The first has run while the others wait.
    await until(() => linesOf(agent, 'p1.txt') === 1);
    await asks(agent, 2);
    expect(await agent.view()).toMatchObject({ status: 'idle' });
    await decide(three, 'allow');
    await decide(two, 'deny');
    expect(await agent.ended(turn)).toMatchObject({ state: 'completed', response: 'all done' });
    expect(['p1.txt', 'p2.txt', 'p3.txt'].map((file) => linesOf(agent, file))).toEqual([1, 0, 1]);
    const denied = (await pairs(agent)).filter(([, result]) => result.is_error).map(([use]) => use.id);
    expect(denied).toEqual([two?.id]);
  });

  it('is shown by the stream of its turn, which goes on to the end', async () => {
    const agent = await asking();
    const response = await agent.post(script([line('s.txt'), say('streamed')]), { accept: 'text/event-stream' });
    const [ask] = await asks(agent);
    await decide(ask, 'allow');
    const text = await response.text();
    expect(text).toContain(`"stop_reason":{"type":"requires_action","event_ids":["${ask?.id}"]}`);
    expect(text).toMatch(/event: x\.turn\n(.|\n)*"response":"streamed"/);
  });

  it('is asked about although it only reads, when its policy says so', async () => {
    const agent = await asking();
    const turn = await agent.begin(
      script([{ tool: 'Bash', input: { command: 'echo harmless' } }, say('{{tool_result}}')]),
    );
    const [ask] = await asks(agent);
    await decide(ask, 'allow');
    expect((await agent.ended(turn)).response).toBe('harmless');
  });
});

describe('a session that waits', () => {
  it('runs the call exactly once after its server was killed', async () => {
    const agent = await asking();
    const turn = await agent.begin(script([line('once.txt'), say('after {{tool_result}}')]));
    const [ask] = await asks(agent);
    await platform.crash();
    await platform.start();
    await agent.reaches('hibernated');
    expect(findProcesses(agent.root)).toEqual([]);
    expect((await decide(ask, 'allow')).status).toBe(200);
    expect(await agent.ended(turn)).toMatchObject({ state: 'completed' });
    expect(linesOf(agent, 'once.txt')).toBe(1);
    const [[use, result]] = (await pairs(agent)) as [[LogEntry, LogEntry]];
    expect([use.id, result.is_error]).toEqual([ask?.id, false]);
    expect(await agent.say('two')).toMatchObject({ response: 'Simulated reply 2: two' });
  });

  it('sleeps, and is woken by the last answer: what was allowed runs once, what was denied does not', async () => {
    const agent = await asking();
    const steps = [line('w1.txt'), { ...line('w2.txt'), parallel: true }, { ...line('w3.txt'), parallel: true }];
    // The same call later in the turn has no grant any more.
    const turn = await agent.begin(script([...steps, line('w1.txt'), say('end')]));
    const [one, two, three] = await asksOf(agent, steps);
    await agent.order('hibernate');
    await agent.reaches('hibernated');
    await until(() => findProcesses(agent.root).length === 0);
    await decide(one, 'allow');
    await decide(two, 'deny', 'not this one');
    await asks(agent, 1);
    expect((await agent.view()).status).toBe('hibernated');
    await decide(three, 'allow');
    await until(() => linesOf(agent, 'w1.txt') === 1 && linesOf(agent, 'w3.txt') === 1, 30_000);
    const [again] = await asks(agent, 1);
    expect([again?.input, again?.id === one?.id]).toEqual([one?.input, false]);
    await decide(again, 'deny');
    expect(await agent.ended(turn)).toMatchObject({ state: 'completed', response: 'end' });
    expect(['w1.txt', 'w2.txt', 'w3.txt'].map((file) => linesOf(agent, file))).toEqual([1, 0, 1]);
    const denied = (await pairs(agent)).filter(([, result]) => result.is_error).map(([use]) => use.id);
    expect(denied).toEqual([two?.id, again?.id]);
  });

  it('is let go after APPROVAL_HOLD, and its asks are denied after their time', async () => {
    const agent = await asking({ approval_timeout_seconds: 4 });
    await platform.json('PATCH', '/api/v1/settings', { APPROVAL_HOLD: 0 });
    try {
      const turn = await agent.begin(script([line('late.txt'), say('{{tool_result}}')]));
      const [ask] = await asks(agent);
      await agent.reaches('hibernated');
      expect((await agent.timeline()).at(-1)).toMatchObject({ to: 'hibernated', reason: 'approval_waits' });
      expect((await agent.ended(turn)).response).toContain('Nobody answered within');
      const late = await decide(ask, 'allow');
      expect([late.status, await late.json()]).toMatchObject([410, { code: 'approval_expired' }]);
      expect(linesOf(agent, 'late.txt')).toBe(0);
      const denial = (await agent.log()).find((entry) => entry.type === 'x.permission_denied');
      expect(denial).toMatchObject({ tool_use_id: ask?.id });
      await pairs(agent);
    } finally {
      await platform.json('PATCH', '/api/v1/settings', { APPROVAL_HOLD: 300 });
    }
  });

  it('gives its place to an agent that has work', async () => {
    const agent = await asking();
    const turn = await agent.begin(script([line('place.txt'), say('placed')]));
    const [ask] = await asks(agent);
    await platform.json('PATCH', '/api/v1/settings', { MAX_AGENTS: 1 });
    try {
      const other = await deployAgent(platform);
      expect((await other.say('is there room?')).response).toContain('is there room?');
      await agent.reaches('hibernated');
      expect((await agent.timeline()).some(({ reason }) => reason === 'slot_needed')).toBe(true);
      await decide(ask, 'allow');
      expect(await agent.ended(turn)).toMatchObject({ state: 'completed', response: 'placed' });
      expect(linesOf(agent, 'place.txt')).toBe(1);
    } finally {
      await platform.json('PATCH', '/api/v1/settings', { MAX_AGENTS: null });
    }
  });

  it.each(['interrupt', 'stop', 'asleep'] as const)('ends with its turn: %s', async (how) => {
    const agent = await asking();
    const turn = await agent.begin(script([line('x.txt'), say('never')]));
    const [ask] = await asks(agent);
    if (how === 'asleep') {
      await agent.order('hibernate');
      await agent.reaches('hibernated');
    }
    await agent.order(how === 'asleep' ? 'stop' : how);
    expect(await agent.ended(turn)).toMatchObject({ state: 'interrupted' });
    await agent.reaches(how === 'interrupt' ? 'idle' : 'stopped');
    expect(await platform.json('GET', `/api/v1/approvals/${ask?.id}`)).toMatchObject({ status: 'cancelled' });
    const late = await decide(ask, 'allow');
    expect([late.status, await late.json()]).toMatchObject([409, { code: 'approval_cancelled' }]);
    await agent.order('start');
    expect((await agent.say('still there?')).response).toContain('still there?');
    expect(linesOf(agent, 'x.txt')).toBe(0);
    await pairs(agent);
  });

  it('is deleted with what it asks', async () => {
    const agent = await asking();
    await agent.begin(script([line('x.txt'), say('never')]));
    const [ask] = await asks(agent);
    await platform.json('DELETE', agent.path);
    await until(async () => (await platform.request('GET', `/api/v1/approvals/${ask?.id}`)).status === 404, 30_000);
    expect(findProcesses(agent.root)).toEqual([]);
  });
});

describe('an ask that nobody can answer', () => {
  it('is denied with an event: of a query, and where approvals are off', async () => {
    const query = script([line('q.txt'), say('{{tool_result}}')]);
    const answer = await platform.json('POST', '/api/v1/query?agent_type=code', {
      message: query,
      config: { permission_mode: 'default' },
    });
    expect(answer.response).toContain('nobody is there to give it');
    const agent = await asking({ approval_timeout_seconds: 0 });
    expect((await agent.say(query)).response).toContain('nobody is there to give it');
    expect((await agent.log()).find((entry) => entry.type === 'x.permission_denied')).toBeDefined();
    expect((await platform.json('GET', `/api/v1/approvals?agent_id=${agent.id}`)).data).toEqual([]);
  });

  it('of another workspace is not found, as one that does not exist', async () => {
    const agent = await asking();
    await agent.begin(script([line('x.txt'), say('never')]));
    const [ask] = await asks(agent);
    const { admin_key: other } = await platform.json('POST', '/api/v1/workspaces', {
      name: 'elsewhere',
      admin_key: true,
    });
    const as = (id: string) =>
      platform.request('POST', `/api/v1/approvals/${id}`, { decision: 'allow' }, { 'x-api-key': other.key });
    const texts = [];
    for (const id of [ask?.id ?? '', `${ask?.id}x`]) {
      const response = await as(id);
      texts.push([response.status, ((await response.json()) as { detail: string }).detail.replace(id, 'ID')]);
    }
    expect(texts[0]).toEqual([404, expect.any(String)]);
    expect(texts[1]).toEqual(texts[0]);
    await agent.order('interrupt');
  });
});
