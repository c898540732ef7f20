import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Platform, startPlatform, until } from '../support/platform.ts';
import { type PostgresServer, startPostgresServer, systemPostgres } from '../support/postgres-server.ts';
import { openRows, type Rows } from '../support/rows.ts';

const bin = systemPostgres();
if (!bin) console.warn('skipped: no system PostgreSQL under /usr/lib/postgresql; install the package postgresql');

it.runIf(process.env.CI)('finds a system PostgreSQL in CI', () => {
  expect(bin).not.toBeNull();
});

const AGENTS = '/api/v1/agents';
// biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
const bodyOf = (answer: Response): Promise<any> => answer.json();
const body = (name: string) => ({ config: { agent_type: 'custom', name }, auto_start: false });

describe.skipIf(!bin)('two processes on one PostgreSQL', () => {
  let server: PostgresServer;
  let rows: Rows;
  let a: Platform;
  let b: Platform;
  beforeAll(async () => {
    server = await startPostgresServer(bin as string);
    const env = { DATABASE_URL: server.url, API_KEY: 'aaas_limits-test-admin-key', RATE_LIMIT_ENABLED: 'true' };
    a = await startPlatform({ ...env, ALLOWED_ORIGINS: 'https://console.example.com, http://localhost:5173' });
    b = await startPlatform({ ...env, TRUST_PROXY: '127.0.0.1' });
    rows = openRows(a);
  });
  afterAll(async () => {
    await rows?.close();
    await a?.dispose();
    await b?.dispose();
    await server?.close();
  });

  const newKey = async (scopes = ['agents:read', 'agents:write']): Promise<{ key: string }> =>
    a.json('POST', '/api/v1/keys', { name: 'test', scopes });
  const as = (key: string, headers: Record<string, string> = {}) => ({ 'x-api-key': key, ...headers });
  const statusesOf = async (requests: Promise<Response>[]) =>
    (await Promise.all(requests)).map(({ status }) => status).toSorted();

  describe('rate limits', () => {
    it('count over both: of 80 requests 60 pass, also when they come at once; a live change holds at once', async () => {
      const { key } = await newKey();
      const ask = (node: Platform) => node.request('GET', AGENTS, undefined, as(key));
      const first = await ask(a);
      expect(first.headers.get('ratelimit-policy')).toBe('"general-key";q=60;w=60, "general-workspace";q=300;w=60');
      expect(first.headers.get('ratelimit')).toMatch(/^"general-key";r=59;t=60, "general-workspace";r=\d+;t=\d+$/);
      const statuses = await statusesOf(Array.from({ length: 79 }, (_, n) => ask(n % 2 ? a : b)));
      expect(statuses.filter((status) => status === 200)).toHaveLength(59);
      expect(statuses.filter((status) => status === 429)).toHaveLength(20);
      for (const node of [a, b]) {
        const refused = await ask(node);
        expect(refused.status).toBe(429);
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(refused.headers.get('ratelimit')).toMatch(/^"general-key";r=0;t=\d+$/);
        const problem = await bodyOf(refused);
        expect(problem).toMatchObject({ code: 'rate_limited', retryable: true });
        expect(problem.detail).toMatch(
          /^The limit general-key lets this API key make 60 .* until 20\S+Z\. .*RATE_LIMIT_PER_MINUTE\.$/,
        );
      }
      // What was refused has cost the workspace nothing: the making of the key and 60 requests.
      const counter = `select points from rate_limit_counters where key = 'general-workspace:wrkspc_default'`;
      await until(async () => (await rows.query(counter))[0].points === 61);
      await a.json('PATCH', '/api/v1/settings', { RATE_LIMIT_PER_MINUTE: 1_000 });
      expect((await ask(a)).status).toBe(200);
    });

    it('count creations apart, a workspace together, and /v1 by its own', async () => {
      const { admin_key: first } = await a.json('POST', '/api/v1/workspaces', { name: 'makers' });
      const others: string[] = [];
      for (let n = 0; n < 5; n++) others.push((await a.json('POST', '/api/v1/keys', { name: 'x' }, as(first.key))).key);
      const make = (key: string) => a.request('POST', AGENTS, body('x'), as(key));
      const one: string = first.key;
      expect(await statusesOf(Array.from({ length: 11 }, () => make(one)))).toEqual([...Array(10).fill(201), 429]);
      expect((await a.request('GET', AGENTS, undefined, as(one))).status).toBe(200);
      for (const key of others.slice(0, 4)) await Promise.all(Array.from({ length: 10 }, () => make(key)));
      const refused = await make(others[4] as string);
      expect(refused.status).toBe(429);
      expect((await bodyOf(refused)).detail).toMatch(/create-workspace lets the workspace wrkspc_\w+ make 50 /);
      const managed = await a.request('GET', '/v1/sessions/none', undefined, as(one));
      expect(managed.headers.get('ratelimit-policy')).toBe('"v1-reads";q=1200;w=60');
      const creating = await a.request('POST', '/v1/agents', {}, as(one));
      expect(creating.headers.get('ratelimit-policy')).toBe('"v1-creates";q=300;w=60');
    });

    it('count neither streams nor health', async () => {
      await a.json('PATCH', '/api/v1/settings', { RATE_LIMIT_AGENT_CREATION: 1_000 });
      const agent = (await a.json('POST', AGENTS, body('streamed'))).agent_id;
      const abort = new AbortController();
      const stream = await fetch(`${a.url}${AGENTS}/${agent}/events/stream`, {
        headers: as(a.key),
        signal: abort.signal,
      });
      expect([stream.status, stream.headers.get('ratelimit')]).toEqual([200, null]);
      abort.abort();
      expect((await fetch(`${a.url}/health`)).headers.get('ratelimit')).toBe(null);
    });

    it('bound what a workspace has open at once, streams too, and leave the others alone', async () => {
      const { admin_key: crowd } = await a.json('POST', '/api/v1/workspaces', { name: 'crowd' });
      const agent = (await a.json('POST', AGENTS, body('watched'), as(crowd.key))).agent_id;
      await a.json('PATCH', '/api/v1/settings', { MAX_OPEN_REQUESTS_PER_WORKSPACE: 3 });
      const leave = new AbortController();
      const watch = () =>
        fetch(`${a.url}${AGENTS}/${agent}/events/stream`, { headers: as(crowd.key), signal: leave.signal });
      // Held: fetch ends the stream of an answer that was collected as garbage.
      const open = await Promise.all([watch(), watch(), watch()]);
      expect(open.map(({ status }) => status)).toEqual([200, 200, 200]);
      const refused = await watch();
      expect([refused.status, (await bodyOf(refused)).code]).toEqual([429, 'rate_limited']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await a.request('GET', AGENTS)).status).toBe(200);
      expect(open.every(({ bodyUsed }) => !bodyUsed)).toBe(true);
      leave.abort();
      await until(async () => (await a.request('GET', AGENTS, undefined, as(crowd.key))).status === 200);
      expect(await (await a.request('GET', '/metrics')).text()).toMatch(/policy="open-requests"\} [1-9]/);
      await a.json('PATCH', '/api/v1/settings', { MAX_OPEN_REQUESTS_PER_WORKSPACE: null });
    });

    it('let requests go on while their store fails', async () => {
      await rows.query('alter table rate_limit_counters rename to away');
      const answer = await a.request('GET', AGENTS);
      await rows.query('alter table away rename to rate_limit_counters');
      expect([answer.status, answer.headers.get('ratelimit')]).toEqual([200, null]);
      await until(() => a.output().includes('the store of the limits fails'));
      expect((await a.request('GET', AGENTS)).headers.get('ratelimit')).not.toBe(null);
      const metrics = await (await a.request('GET', '/metrics')).text();
      expect(metrics).toMatch(/^aaas_limit_failures_total [1-9]/m);
      expect(metrics).toMatch(/^aaas_limit_reached_total\{policy="general-key"\} [1-9]/m);
    });

    it('slow down who tries keys, and lock out nobody who is at work', async () => {
      const fresh = await newKey();
      const guess = (node: Platform, key: string, from?: string) =>
        fetch(`${node.url}${AGENTS}`, { headers: as(key, from ? { 'x-forwarded-for': from } : {}) });
      for (let n = 0; n < 30; n++) expect((await guess(a, `wrong-${n}`)).status).toBe(401);
      const refused = await guess(a, 'wrong-31');
      expect([refused.status, (await bodyOf(refused)).code]).toEqual([429, 'rate_limited']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      // A right guess is not told apart from a wrong one, and nobody helps himself to another address.
      expect((await guess(a, fresh.key, '203.0.113.9')).status).toBe(429);
      expect((await a.request('GET', AGENTS)).status).toBe(200);
      // Behind a proxy that is trusted it is the client that counts; of IPv6 its network.
      for (let n = 0; n < 31; n++) await guess(b, 'wrong', `2001:db8::${n}`);
      expect((await guess(b, fresh.key, '2001:db8::abcd')).status).toBe(429);
      expect((await guess(b, fresh.key, '2001:db9::1')).status).toBe(200);
      await a.json('PATCH', '/api/v1/settings', { RATE_LIMIT_FAILED_AUTH: 1_000 });
      expect((await guess(a, fresh.key)).status).toBe(200);
    });
  });

  describe('an Idempotency-Key', () => {
    const create = (node: Platform, key: string, name = 'x', headers = {}) =>
      node.request('POST', AGENTS, body(name), { 'idempotency-key': key, ...headers });

    it('gives the first answer again, on any node, to its own caller alone; the store cannot be read', async () => {
      const first = await create(a, 'K-1');
      const again = await create(b, 'K-1');
      expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([201, null]);
      expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
      expect(again.headers.get('location')).toBe(first.headers.get('location'));
      const text = await first.text();
      expect(await again.text()).toBe(text);
      const mismatch = await create(a, 'K-1', 'y');
      expect([mismatch.status, (await bodyOf(mismatch)).code]).toEqual([409, 'idempotency_mismatch']);
      const stranger = await newKey();
      const theirs = await create(a, 'K-1', 'x', as(stranger.key));
      expect([theirs.status, theirs.headers.get('idempotent-replayed')]).toEqual([201, null]);
      expect(await theirs.text()).not.toBe(text);
      const make = () => a.json('POST', '/api/v1/keys', { name: 'once' }, { 'idempotency-key': 'K-secret' });
      const made = await make();
      expect((await make()).key).toBe(made.key);
      const stored = await rows.query(
        `select encode(sealed, 'escape') as text, row_to_json(r)::text as row from idempotency_requests r`,
      );
      expect(stored).toHaveLength(3);
      expect(JSON.stringify(stored)).not.toMatch(/agent_id|K-1|K-secret/);
      expect(JSON.stringify(stored)).not.toContain(made.key.slice(9));
    });

    it('is told to wait while the first is under way, and a crash locks it for no longer than its lease', async () => {
      const release = await rows.hold('agents');
      const lost = create(b, 'K-2').catch(() => null);
      await until(
        async () => (await rows.query('select 1 from idempotency_requests where lease_until is not null')).length > 0,
      );
      const waiting = await create(a, 'K-2');
      expect([waiting.status, (await bodyOf(waiting)).code]).toEqual([409, 'idempotency_in_progress']);
      expect(Number(waiting.headers.get('retry-after'))).toBeGreaterThan(0);
      await b.crash();
      await lost;
      await release();
      expect((await create(a, 'K-2')).status).toBe(409);
      await rows.query('update idempotency_requests set lease_until = now() where lease_until is not null');
      const again = await create(a, 'K-2');
      expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, null]);
      await b.start();
    });

    it('keeps no failure of the platform; refuses a bad key; serves /v1 too', async () => {
      await rows.query('alter table agent_versions rename to away');
      expect((await create(a, 'K-3')).status).toBe(500);
      await rows.query('alter table away rename to agent_versions');
      expect((await create(a, 'K-3')).status).toBe(201);
      const bad = await create(a, 'two words');
      expect([bad.status, (await bodyOf(bad)).errors[0].field]).toEqual([422, 'headers.idempotency-key']);
      const agent = (await a.json('POST', AGENTS, { config: { agent_type: 'custom' } })).agent_id;
      const session = (await a.json('GET', `${AGENTS}/${agent}`)).session_id;
      const events = { events: [{ type: 'user.message', content: [{ type: 'text', text: 'once' }] }] };
      const send = () => a.json('POST', `/v1/sessions/${session}/events`, events, { 'idempotency-key': 'K-4' });
      expect(await send()).toEqual(await send());
      await until(async () => (await a.json('GET', `${AGENTS}/${agent}`)).messages_count === 1);
      expect((await a.json('GET', `${AGENTS}/${agent}`)).messages_waiting).toBe(0);
    });
  });

  describe('manners', () => {
    it('answer preflights of allowed origins without a key, and of no others', async () => {
      const preflight = (origin: string) =>
        fetch(`${a.url}${AGENTS}`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
      for (const origin of ['https://console.example.com', 'http://localhost:5173']) {
        const answer = await preflight(origin);
        expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([204, origin]);
        expect(answer.headers.get('access-control-allow-methods')).toContain('DELETE');
      }
      for (const origin of ['https://console.example.com.evil.example', 'null']) {
        const answer = await preflight(origin);
        expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([204, null]);
        expect(answer.headers.get('access-control-allow-methods')).toBe(null);
      }
      const read = await a.request('GET', AGENTS, undefined, { origin: 'https://console.example.com' });
      expect(read.headers.get('access-control-expose-headers')).toContain('retry-after');
      const closed = await b.request('GET', AGENTS, undefined, { origin: 'https://console.example.com' });
      expect([closed.status, closed.headers.get('access-control-allow-origin')]).toEqual([200, null]);
    });

    it('say 404 to a bad body where nothing takes it, and keep the log clean of what is nobody’s bug', async () => {
      const before = a.output().length;
      const headers = { 'content-type': 'application/json' };
      const nowhere = await fetch(`${a.url}/api/v1/nowhere`, { method: 'POST', headers, body: '{bad' });
      expect([nowhere.status, (await bodyOf(nowhere)).code]).toEqual([404, 'not_found']);
      expect(nowhere.headers.get('request-id')).toMatch(/^req_/);
      expect(nowhere.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect((await a.request('POST', '/v1/agents', {})).status).toBe(501);
      expect(a.output().slice(before)).toBe('');
      expect((await fetch(`${a.url}/docs/`)).headers.get('content-security-policy')).toContain("default-src 'self'");
    });
  });
});
