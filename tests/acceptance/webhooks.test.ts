import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, until } from '../support/platform.ts';
import { startTestPlatform } from '../support/test-platform.ts';
import { type Received, startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

let receiver: WebhookReceiver;
let platform: Platform;
beforeAll(async () => {
  receiver = await startWebhookReceiver();
  platform = await startTestPlatform({
    WEBHOOK_ALLOW_PRIVATE: '127.0.0.1',
    WEBHOOK_RETRY_SCHEDULE: '0,1',
    WEBHOOK_TIMEOUT: '3',
    MAX_WEBHOOKS: '12',
    UPSTREAM_OUTAGE_SECONDS: '0',
  });
});
afterAll(async () => {
  await platform?.dispose();
  await receiver?.close();
});

const API = '/api/v1/webhooks';

// biome-ignore lint/suspicious/noExplicitAny: tests read every field
async function subscribe(path: string, events: string[], more: Record<string, unknown> = {}): Promise<any> {
  return platform.json('POST', API, { url: `${receiver.url}${path}`, events, ...more });
}

function verify(secret: string, { body, headers }: Received): unknown {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}

// biome-ignore lint/suspicious/noExplicitAny: tests read every field
async function delivery(webhook: { id: string }, state: string, withinMs?: number): Promise<any> {
  let found: unknown;
  await until(async () => {
    const { data } = await platform.json('GET', `${API}/${webhook.id}/deliveries?state=${state}`);
    found = data[0];
    return found !== undefined;
  }, withinMs);
  return found;
}

it('tells of an agent and its turns, signed, thin unless asked for more, and nothing of the platform', async () => {
  const all = await subscribe('/all', ['*'], { description: 'everything' });
  const mine = await deployAgent(platform);
  const turns = await subscribe('/turns', ['turn.*'], { include_response: true, agent_ids: [mine.id] });
  await platform.deploy(); // not of the filter
  const answer = await mine.say('tell me nothing secret');
  await platform.json('DELETE', mine.path);

  const [completed] = await receiver.receives('/turns', 1);
  expect(verify(turns.secret, completed as Received)).toMatchObject({
    id: completed?.headers['webhook-id'],
    seq: expect.any(Number),
    type: 'turn.completed',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    data: {
      agent_id: mine.id,
      session_id: mine.sessionId,
      turn_id: answer.metadata.turn_id,
      state: 'completed',
      stop_reason: 'end_turn',
      response: answer.response,
      response_truncated: false,
      usage: answer.metadata.usage,
      endpoint: `${mine.path}/turns/${answer.metadata.turn_id}`,
    },
  });

  const of = (type: string) =>
    receiver.at('/all').filter(({ event }) => event.type === type && event.data.agent_id === mine.id);
  await until(
    () =>
      of('agent.deleted').length === 1 &&
      of('session.status_idle').length > 0 &&
      of('turn.completed').length > 0 &&
      of('agent.status_changed').some((r) => r.event.data.to === 'draining'),
  );
  for (const one of receiver.at('/all')) verify(all.secret, one);
  expect(() => verify(turns.secret, receiver.at('/all')[0] as Received)).toThrow('No matching signature');
  const created = { agent_type: 'code', version: 1, endpoint: mine.path, session_id: mine.sessionId };
  expect(of('agent.created')[0]?.event.data).toMatchObject(created);
  const inOrder = of('agent.status_changed').toSorted((a, b) => a.event.seq - b.event.seq);
  const steps = inOrder.map(({ event }) => `${event.data.from} > ${event.data.to}`);
  expect(steps.slice(0, 5)).toEqual([
    'stopped > starting',
    'starting > warming',
    'warming > idle',
    'idle > running',
    'running > idle',
  ]);
  expect(of('turn.completed')[0]?.event.data).not.toHaveProperty('response');
  expect(of('session.status_idle')[0]?.event.data.event.stop_reason).toEqual({ type: 'end_turn' });
  expect(new Set(receiver.at('/all').map(({ event }) => event.id)).size).toBe(receiver.at('/all').length);

  const sent = JSON.stringify(receiver.received.map(({ headers, body }) => [headers, body]));
  expect(sent).not.toContain(platform.key);
  expect(JSON.stringify(receiver.at('/all'))).not.toContain('nothing secret');
  expect(Object.keys(completed?.headers ?? {}).sort()).toEqual([
    ...['connection', 'content-length', 'content-type', 'host', 'user-agent'],
    ...['webhook-id', 'webhook-signature', 'webhook-timestamp'],
  ]);
  expect(await platform.json('GET', `${API}/${all.id}`)).not.toHaveProperty('secret');
  await platform.request('DELETE', `${API}/${turns.id}`);
  expect((await platform.request('DELETE', `${API}/${all.id}`)).status).toBe(204);
  expect((await platform.request('GET', `${API}/${all.id}/deliveries`)).status).toBe(404);
});

it('carries answers for keys alone that may read them', async () => {
  const agent = await deployAgent(platform);
  const keyOf = async (scopes: string[]) => {
    const { key } = await platform.json('POST', '/api/v1/keys', { name: 'weak', scopes });
    return { 'x-api-key': key };
  };
  const weak = await keyOf(['webhooks:read', 'webhooks:write']);
  const wish = { url: `${receiver.url}/answers`, events: ['turn.completed'], agent_ids: [agent.id] };
  const ask = (method: string, path: string, body?: unknown, headers = weak) =>
    platform.request(method, `${API}${path}`, body, headers);
  expect((await ask('POST', '', { ...wish, include_response: true })).status).toBe(403);
  const hook = await subscribe('/answers', wish.events, { agent_ids: wish.agent_ids, include_response: true });
  await agent.say('for some eyes');
  const { id } = await delivery(hook, 'delivered');
  for (const change of [{ url: `${receiver.url}/mine` }, { include_response: false }, { enabled: true }]) {
    expect((await ask('PATCH', `/${hook.id}`, change)).status).toBe(403);
  }
  const refused = await ask('GET', `/${hook.id}/deliveries/${id}`);
  expect([refused.status, await refused.text()]).toEqual([403, expect.not.stringContaining('for some eyes')]);
  expect((await ask('GET', `/${hook.id}/deliveries`)).status).toBe(200);
  const reader = await keyOf(['webhooks:read', 'agents:read']);
  expect(await (await ask('GET', `/${hook.id}/deliveries/${id}`, undefined, reader)).text()).toContain('for some eyes');
  // The others are as open as before.
  const thin = (await (await ask('POST', '', wish)).json()) as { id: string };
  expect((await ask('PATCH', `/${thin.id}`, { include_response: true })).status).toBe(403);
  expect((await ask('PATCH', `/${thin.id}`, { description: 'mine' })).status).toBe(200);
  for (const { id } of [hook, thin]) await platform.request('DELETE', `${API}/${id}`);
});

it('tells of turns that do not end well', async () => {
  await subscribe('/failures', ['turn.failed', 'turn.interrupted', 'session.error']);
  const agent = await deployAgent(platform);
  await agent.post(script([{ error: 529, times: 1_000, retry_after: 3_600 }]));
  const turn = await agent.begin(script([{ wait_ms: 20_000 }]));
  await agent.reaches('running');
  await agent.order('interrupt');
  const received = await receiver.receives('/failures', 3);
  const data = (type: string) => received.find(({ event }) => event.type === type)?.event.data;
  expect(data('turn.failed')).toMatchObject({ state: 'failed', error: { type: expect.any(String) } });
  expect(data('turn.interrupted')).toMatchObject({ turn_id: turn, stop_reason: 'interrupted', cost_usd: 0 });
  expect(data('session.error').event.error.retry_status).toEqual({ type: 'exhausted' });
});

it('tries again under the same id until it is taken, and shows each attempt', async () => {
  const webhook = await subscribe('/flaky', ['agent.created']);
  receiver.answer('/flaky', 500, 302, 200);
  await platform.deploy();
  const attempts = await receiver.receives('/flaky', 3);
  for (const one of attempts) verify(webhook.secret, one);
  expect(new Set(attempts.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(new Set(attempts.map(({ body }) => body)).size).toBe(1);
  const done = await delivery(webhook, 'delivered');
  expect(
    done.attempts.map(({ status, error, response }: Record<string, unknown>) => [status, error, response]),
  ).toEqual([
    [500, 'answered 500', 'answered 500'],
    [302, 'answered 302: redirects are not followed', 'answered 302'],
    [200, null, 'answered 200'],
  ]);
  expect(await platform.json('GET', `${API}/${webhook.id}`)).toMatchObject({
    failing_since: null,
    last_success_at: expect.any(String),
  });
});

it('keeps what nobody took as dead letters, and replays them', async () => {
  const webhook = await subscribe('/down', ['agent.created']);
  const began = new Date().toISOString();
  receiver.answer('/down', 503);
  await platform.deploy();
  await platform.deploy();
  await receiver.receives('/down', 6);
  await until(async () => (await platform.json('GET', `${API}/${webhook.id}/deliveries?state=dead`)).data.length === 2);
  const dead = await delivery(webhook, 'dead');
  expect(dead).toMatchObject({ attempts_count: 3, next_attempt_at: null, ended_at: expect.any(String) });
  expect((await platform.json('GET', `${API}/${webhook.id}`)).failing_since).not.toBeNull();

  receiver.answer('/down', 200);
  const path = `${API}/${webhook.id}/deliveries/${dead.id}`;
  expect(await platform.json('POST', `${path}/replay`)).toMatchObject({ id: dead.id, state: 'pending' });
  await until(async () => (await platform.json('GET', path)).state === 'delivered');
  const replayed = await platform.json('GET', path);
  expect(replayed.attempts.map((attempt: { status: number }) => attempt.status)).toEqual([503, 503, 503, 200]);
  expect(replayed.payload).toEqual(receiver.at('/down').at(-1)?.event);

  const since = await platform.json('POST', `${API}/${webhook.id}/replay`, { since: began });
  expect(since).toEqual({ replayed: 1, more: false });
  await until(async () => (await platform.json('GET', `${API}/${webhook.id}/deliveries?state=dead`)).data.length === 0);
  await receiver.receives('/down', 8);
});

it('signs with both secrets while they overlap, and then with the new one alone', async () => {
  const webhook = await subscribe('/rotated', ['agent.error']);
  const test = async () => {
    const count = receiver.at('/rotated').length;
    await platform.json('POST', `${API}/${webhook.id}/test`);
    return (await receiver.receives('/rotated', count + 1)).at(-1) as Received;
  };
  const second = await platform.json('POST', `${API}/${webhook.id}/rotate-secret`);
  expect(second.previous_secret_until).not.toBeNull();
  const both = await test();
  expect(both.event).toMatchObject({ type: 'webhook.test', data: { webhook_id: webhook.id } });
  for (const secret of [webhook.secret, second.secret]) expect(verify(secret, both)).toEqual(both.event);
  const third = await platform.json('POST', `${API}/${webhook.id}/rotate-secret`, { overlap_seconds: 0 });
  const one = await test();
  expect(verify(third.secret, one)).toEqual(one.event);
  for (const secret of [webhook.secret, second.secret]) expect(() => verify(secret, one)).toThrow();
});

it('switches a webhook off whose receiver is gone, and tells the others', async () => {
  await subscribe('/watch', ['webhook.disabled']);
  const webhook = await subscribe('/gone', ['agent.created'], { description: 'old' });
  receiver.answer('/gone', 410);
  await platform.deploy();
  const [told] = await receiver.receives('/watch', 1);
  expect(told?.event.data).toMatchObject({ webhook_id: webhook.id, reason: 'gone', description: 'old' });
  expect(await platform.json('GET', `${API}/${webhook.id}`)).toMatchObject({ enabled: false, disabled_reason: 'gone' });
  const refused = await platform.request('POST', `${API}/${webhook.id}/test`);
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([409, 'webhook_disabled']);
  receiver.answer('/gone', 204);
  const enabled = await platform.json('PATCH', `${API}/${webhook.id}`, { enabled: true, description: null });
  expect(enabled).toMatchObject({ enabled: true, disabled_reason: null, failing_since: null, description: null });
});

it('loses nothing when the server dies in the middle of a delivery', async () => {
  const webhook = await subscribe('/crash', ['agent.created']);
  receiver.answer('/crash', () => {}, 204); // no answer: the server dies while it waits for one
  await platform.deploy();
  const [first] = await receiver.receives('/crash', 1);
  await platform.crash();
  await platform.start();
  const [, second] = await receiver.receives('/crash', 2);
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  expect(verify(webhook.secret, second as Received)).toEqual(first?.event);
  expect((await delivery(webhook, 'delivered')).attempts_count).toBe(1);
});

describe('refuses', () => {
  it.each([
    ['url', { url: 'https://169.254.169.254/latest' }, 'public addresses alone'],
    ['url', { url: 'https://10.0.0.1/x' }, 'public addresses alone'],
    ['url', { url: 'http://127.0.0.2:9/x' }, 'must begin with https'],
    ['url', { url: 'https://[::ffff:a9fe:a9fe]/' }, 'public addresses alone'],
    ['url', { url: 'https://user:pass@example.com/' }, 'must not hold a user name'],
    ['url', { url: 'nonsense' }, 'must be an https:// address'],
    ['events', { events: [] }, '>=1'],
    ['events.0', { events: ['agent.exploded'] }, 'Invalid option'],
    ['agent_ids.0', { agent_ids: ['agent_unknown'] }, 'there is no agent agent_unknown'],
    ['body', { secret: 'whsec_mine' }, 'secret'],
  ])('%s of %o', async (field, wish, why) => {
    const response = await platform.request('POST', API, { url: `${receiver.url}/x`, events: ['*'], ...wish });
    const problem = (await response.json()) as { code: string; errors: { field: string }[] };
    expect([response.status, problem.code]).toEqual([422, 'invalid_request']);
    if (field !== 'body') expect(problem.errors[0]?.field).toBe(field);
    expect(JSON.stringify(problem)).toContain(why);
  });

  it('one webhook more than a workspace may have', async () => {
    const { data } = await platform.json('GET', `${API}?limit=100`);
    for (let count = data.length; count < 12; count++) await subscribe('/many', ['agent.error']);
    const response = await platform.request('POST', API, { url: `${receiver.url}/many`, events: ['*'] });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([409, 'too_many_webhooks']);
    const first = await platform.json('GET', `${API}?limit=5`);
    const rest = await platform.json('GET', `${API}?limit=100&cursor=${first.next_cursor}`);
    expect(new Set([...first.data, ...rest.data].map(({ id }: { id: string }) => id)).size).toBe(12);
    for (const { id } of [...first.data, ...rest.data]) await platform.request('DELETE', `${API}/${id}`);
  });
});

it('is received by the example of the documentation', async () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/webhooks.md', import.meta.url)), 'utf8');
  const example = /```js\n([\s\S]*?)```/.exec(page)?.[1] as string;
  const webhook = await subscribe('/unused', ['agent.created']);
  const child = spawn(process.execPath, ['--input-type=module', '-e', example], {
    env: { PATH: process.env.PATH, WEBHOOK_SECRET: webhook.secret, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  try {
    await until(() => /listening on \d+/.test(output));
    const url = `http://127.0.0.1:${/listening on (\d+)/.exec(output)?.[1]}/hooks`;
    await platform.json('PATCH', `${API}/${webhook.id}`, { url });
    const agent = await platform.deploy();
    await until(() => output.includes(`agent.created ${agent}`));
    const forged = await fetch(url, { method: 'POST', body: '{}', headers: { 'webhook-id': 'x' } });
    expect(forged.status).toBe(401);
    expect((await delivery(webhook, 'delivered')).attempts_count).toBe(1);
  } finally {
    child.kill();
  }
});
