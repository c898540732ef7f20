import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES, type Scope, WORKSPACE_SCOPES } from '../../packages/contract/src/scopes.ts';
import { type KeyClient, newClientOf } from '../support/key-client.ts';
import { type Route, routesOf } from '../support/openapi.ts';
import { type Platform, until } from '../support/platform.ts';
import { framesOf } from '../support/sse.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let platform: Platform;
let admin: KeyClient;
let tenant: KeyClient;
beforeAll(async () => {
  platform = await startTestPlatform({ MAX_KEYS_PER_WORKSPACE: '40' });
  admin = newClientOf(platform, platform.key);
  const { body } = await admin.ask('POST', '/api/v1/workspaces', { name: 'acme' });
  tenant = newClientOf(platform, body.admin_key.key);
});
afterAll(() => platform?.dispose());

describe('a key', () => {
  it('is shown once, works, and is revoked at once', async () => {
    const made = await admin.make({ name: 'ci', scopes: ['agents:read'] });
    expect(made.key).toMatch(/^aaas_[1-9A-Za-z]{42}$/);
    const client = newClientOf(platform, made.key);
    expect((await client.ask('GET', '/api/v1/agents')).status).toBe(200);
    const seen = await admin.ask('GET', `/api/v1/keys/${made.id}`);
    expect(seen.body).toMatchObject({ name: 'ci', scopes: ['agents:read'], test: false, status: 'active' });
    expect(seen.body.hint).toBe(`${made.key.slice(0, 9)}…`);
    const list = await admin.ask('GET', '/api/v1/keys?limit=100');
    expect(JSON.stringify([seen.body, list.body])).not.toContain(made.key.slice(9));

    const revoked = await admin.ask('DELETE', `/api/v1/keys/${made.id}`);
    expect([revoked.status, revoked.body.status]).toEqual([200, 'revoked']);
    expect(await client.ask('GET', '/api/v1/agents')).toMatchObject({ status: 401, body: { code: 'invalid_api_key' } });
    const again = await admin.ask('DELETE', `/api/v1/keys/${made.id}`);
    expect(again.body.revoked_at).toBe(revoked.body.revoked_at);
    expect((await admin.ask('PATCH', `/api/v1/keys/${made.id}`, { name: 'x' })).body.code).toBe('key_ended');
    expect((await admin.ask('POST', `/api/v1/keys/${made.id}/rotate`)).body.code).toBe('key_ended');
  });

  it('ends when it is told to, to the moment', async () => {
    const made = await admin.make({ name: 'short', expires_in_seconds: 1 });
    const client = newClientOf(platform, made.key);
    expect((await client.ask('GET', '/api/v1/agents')).status).toBe(200);
    const end = Date.parse(made.expires_at as string);
    let refusedAt = 0;
    await until(async () => {
      const { status } = await client.ask('GET', '/api/v1/agents');
      // Asked before its end and answered after it, either will do.
      if (status === 401) refusedAt ||= Date.now();
      return status === 401;
    }, 5_000);
    expect(refusedAt).toBeGreaterThanOrEqual(end);
    expect(refusedAt - end).toBeLessThan(1_500);
    expect((await admin.ask('GET', '/api/v1/keys?status=expired')).body.data[0].id).toBe(made.id);
  });

  it('is rotated: another takes its name and scopes, and it ends after the overlap', async () => {
    const old = await admin.make({ name: 'rotating', scopes: ['agents:read', 'usage:read'] });
    const overlapping = await admin.ask('POST', `/api/v1/keys/${old.id}/rotate`);
    expect(overlapping.status).toBe(201);
    expect(overlapping.body).toMatchObject({ name: 'rotating', scopes: old.scopes, expires_at: null });
    const both = [old.key, overlapping.body.key].map((key) => newClientOf(platform, key as string));
    for (const client of both) expect((await client.ask('GET', '/api/v1/agents')).status).toBe(200);
    const now = (await admin.ask('GET', `/api/v1/keys/${old.id}`)).body;
    expect(now.replaced_by).toBe(overlapping.body.id);
    expect(Date.parse(now.expires_at) - Date.now()).toBeGreaterThan(86_000_000);
    expect((await admin.ask('POST', `/api/v1/keys/${old.id}/rotate`)).body.code).toBe('key_ended');

    const path = `/api/v1/keys/${overlapping.body.id}/rotate`;
    const third = await admin.ask('POST', path, { overlap_seconds: 0, expires_in_seconds: 3_600 });
    expect(third.body.expires_at).not.toBe(null);
    expect((await both[1]?.ask('GET', '/api/v1/agents'))?.status).toBe(401);
    expect((await newClientOf(platform, third.body.key).ask('GET', '/api/v1/agents')).status).toBe(200);
  });

  it('is renamed, and its end is moved or taken away', async () => {
    const made = await admin.make({ name: 'before', expires_in_seconds: 3_600 });
    const path = `/api/v1/keys/${made.id}`;
    expect((await admin.ask('PATCH', path, { name: 'after' })).body).toMatchObject({
      name: 'after',
      expires_at: made.expires_at,
    });
    expect((await admin.ask('PATCH', path, { expires_at: null })).body).toMatchObject({ expires_at: null });
    const end = new Date(Date.now() + 60_000).toISOString();
    expect((await admin.ask('PATCH', path, { expires_at: end })).body).toMatchObject({ expires_at: end });
  });

  it.each([
    [{}, 'name'],
    [{ name: ' ' }, 'name'],
    [{ name: 'x', scopes: [] }, 'scopes'],
    [{ name: 'x', scopes: ['agents:fly'] }, 'scopes.0'],
    [{ name: 'x', expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
    [{ name: 'x', expires_at: 'tomorrow' }, 'expires_at'],
    [{ name: 'x', expires_in_seconds: 0 }, 'expires_in_seconds'],
    [{ name: 'x', expires_in_seconds: 60, expires_at: '2100-01-01T00:00:00Z' }, 'expires_at'],
    [{ name: 'x', test: 'yes' }, 'test'],
    [{ name: 'x', secret: 'mine' }, 'secret'],
  ])('cannot be asked for with %j', async (body, field) => {
    const answer = await admin.ask('POST', '/api/v1/keys', body);
    expect([answer.status, answer.body.errors[0].field]).toEqual([422, field]);
  });

  it('is one of so many and no more, also when they are asked for at once', async () => {
    const { body } = await admin.ask('POST', '/api/v1/workspaces', { name: 'many' });
    const client = newClientOf(platform, body.admin_key.key);
    const answers = await Promise.all(
      Array.from({ length: 45 }, (_, index) => client.ask('POST', '/api/v1/keys', { name: `${index}` })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(39);
    expect(answers.find(({ status }) => status !== 201)?.body.code).toBe('too_many_keys');
    const first = answers.find(({ status }) => status === 201)?.body.id;
    // A rotation without an overlap needs no place.
    expect((await client.ask('POST', `/api/v1/keys/${first}/rotate`, { overlap_seconds: 0 })).status).toBe(201);
  });

  it('ends the stream that it opened', async () => {
    const made = await admin.make({ name: 'listener', scopes: ['agents:read', 'agents:write'] });
    const client = newClientOf(platform, made.key);
    const config = { agent_type: 'custom' };
    const { agent_id } = (await client.ask('POST', '/api/v1/agents', { config, auto_start: false })).body;
    const stream = await platform.request('GET', `/api/v1/agents/${agent_id}/events/stream`, undefined, {
      'x-api-key': made.key,
    });
    expect(stream.status).toBe(200);
    const ended = (async () => {
      for await (const _frame of framesOf(stream));
    })().then(
      () => true,
      () => true,
    );
    await admin.ask('DELETE', `/api/v1/keys/${made.id}`);
    const late = new Promise((resolve) => setTimeout(resolve, 8_000, 'still open'));
    expect(await Promise.race([ended, late])).toBe(true);
  });
});

describe('nobody gives away what he has not:', () => {
  it('scopes outside his own, the platform’s, or all there will ever be', async () => {
    const maker = await tenant.make({ name: 'maker', scopes: ['keys:write', 'agents:read'] });
    expect((await tenant.ask('GET', '/api/v1/keys')).body.data.at(-1).scopes).toEqual(WORKSPACE_SCOPES);
    const client = newClientOf(platform, maker.key);
    for (const scope of ['agents:write', 'platform:read', '*']) {
      const answer = await client.ask('POST', '/api/v1/keys', { name: 'x', scopes: ['agents:read', scope] });
      expect(answer).toMatchObject({ status: 403, body: { code: 'missing_scope' } });
      expect(answer.body.detail).toContain(scope);
    }
    expect((await client.make({ name: 'x' })).scopes).toEqual(['agents:read', 'keys:write']);
    for (const scope of ['platform:write', '*']) {
      expect((await tenant.ask('POST', '/api/v1/keys', { name: 'x', scopes: [scope] })).status).toBe(403);
    }
  });

  it('a key that may more than his own is not his to rotate, to change or to revoke', async () => {
    const maker = await tenant.make({ name: 'maker', scopes: ['keys:write'] });
    const mightier = await tenant.make({ name: 'mightier', scopes: ['agents:read'] });
    const client = newClientOf(platform, maker.key);
    for (const [method, path, body] of [
      ['POST', `/api/v1/keys/${mightier.id}/rotate`, {}],
      ['PATCH', `/api/v1/keys/${mightier.id}`, { name: 'x' }],
      ['DELETE', `/api/v1/keys/${mightier.id}`, undefined],
    ] as const) {
      expect([path, (await client.ask(method, path, body)).status]).toEqual([path, 403]);
    }
    expect((await client.ask('DELETE', `/api/v1/keys/${maker.id}`)).status).toBe(200);
  });

  it('no key outside the default workspace holds a scope of the platform, whoever makes it', async () => {
    const { id } = (await tenant.ask('GET', '/api/v1/workspaces/current')).body;
    for (const wanted of [{ workspace_id: id }, { test: true }]) {
      for (const scope of ['platform:read', '*']) {
        const answer = await admin.ask('POST', '/api/v1/keys', { name: 'x', scopes: [scope], ...wanted });
        expect([answer.status, answer.body.errors?.[0].field]).toEqual([422, 'scopes']);
      }
    }
    expect((await admin.make({ name: 'all', scopes: ['*'] })).scopes).toEqual(['*']);
    const given = await admin.make({ name: 'given', workspace_id: id });
    expect(given.workspace_id).toBe(id);
    expect((await tenant.ask('GET', `/api/v1/keys/${given.id}`)).status).toBe(200);
  });
});

describe('a test key', () => {
  it('opens another side of the workspace, where everything is simulated', async () => {
    const [made, other] = await Promise.all([
      tenant.make({ name: 'test', test: true }),
      tenant.make({ name: 'other', test: true }),
    ]);
    expect(made).toMatchObject({ test: true, key: expect.stringMatching(/^aaas_test_[1-9A-Za-z]{42}$/) });
    expect(other.workspace_id).toBe(made.workspace_id);
    const client = newClientOf(platform, made.key);
    const live = (await tenant.ask('GET', '/api/v1/workspaces/current')).body;
    expect((await client.ask('GET', '/api/v1/workspaces/current')).body).toMatchObject({
      id: made.workspace_id,
      name: 'acme (test)',
      test: true,
      test_of: live.id,
      simulated: true,
    });
    const agent = { config: { agent_type: 'custom' }, auto_start: false };
    const { agent_id } = (await client.ask('POST', '/api/v1/agents', agent)).body;
    expect((await client.ask('GET', '/api/v1/agents')).body.data).toHaveLength(1);
    expect((await tenant.ask('GET', '/api/v1/agents')).body.data).toEqual([]);
    expect((await tenant.ask('GET', `/api/v1/agents/${agent_id}`)).status).toBe(404);

    // It makes test keys alone, and does not see the live ones; the live side sees both.
    expect((await client.make({ name: 'third' })).test).toBe(true);
    expect((await client.ask('POST', '/api/v1/keys', { name: 'x', test: false })).status).toBe(422);
    const names = (answer: { body: { data: { test: boolean }[] } }) =>
      new Set(answer.body.data.map(({ test }) => test));
    expect(names(await client.ask('GET', '/api/v1/keys'))).toEqual(new Set([true]));
    expect(names(await tenant.ask('GET', '/api/v1/keys'))).toEqual(new Set([true, false]));
    expect(names(await tenant.ask('GET', '/api/v1/keys?test=false'))).toEqual(new Set([false]));
    expect((await tenant.ask('DELETE', `/api/v1/keys/${made.id}`)).status).toBe(200);
    expect((await client.ask('GET', '/api/v1/agents')).status).toBe(401);
  });
});

describe('a workspace', () => {
  it('is archived: its keys are refused, its agents stop, and it stays so', async () => {
    const { body } = await admin.ask('POST', '/api/v1/workspaces', { name: 'leaving' });
    const path = `/api/v1/workspaces/${body.id}`;
    const live = newClientOf(platform, body.admin_key.key);
    const test = newClientOf(platform, (await live.make({ name: 'test', test: true })).key);
    const agents: { client: KeyClient; session: string }[] = [];
    for (const client of [live, test]) {
      const { agent_id } = (await client.ask('POST', '/api/v1/agents', { config: { agent_type: 'custom' } })).body;
      await until(async () => (await client.ask('GET', `/api/v1/agents/${agent_id}`)).body.status === 'idle');
      agents.push({ client, session: (await client.ask('GET', `/api/v1/agents/${agent_id}`)).body.session_id });
    }
    const owned = (await (await fetch(`${platform.url}/health`)).json()) as { agents: { owned: number } };
    expect(owned.agents.owned).toBeGreaterThanOrEqual(2);
    expect((await admin.ask('PATCH', path, { name: 'renamed' })).body.name).toBe('renamed');
    expect((await test.ask('GET', '/api/v1/workspaces/current')).body.name).toBe('renamed (test)');

    const archived = await admin.ask('DELETE', path);
    expect([archived.status, archived.body.archived_at]).toEqual([202, expect.any(String)]);
    for (const { client } of agents) expect((await client.ask('GET', '/api/v1/agents')).status).toBe(401);
    await until(async () => {
      const { agents: now } = (await (await fetch(`${platform.url}/health`)).json()) as typeof owned;
      return now.owned <= owned.agents.owned - 2;
    });
    expect((await admin.ask('DELETE', path)).body.archived_at).toBe(archived.body.archived_at);
    const key = { name: 'x', workspace_id: body.id };
    expect((await admin.ask('POST', '/api/v1/keys', key)).body.code).toBe('workspace_archived');
    expect((await admin.ask('POST', '/api/v1/keys', { ...key, test: true })).body.code).toBe('workspace_archived');
    const ids = async (query: string) =>
      (await admin.ask('GET', `/api/v1/workspaces?limit=100${query}`)).body.data.map(({ id }: { id: string }) => id);
    expect(await ids('')).not.toContain(body.id);
    expect(await ids('&archived=true')).toContain(body.id);
  });

  it('is not archived when it holds the keys of the platform, nor a test side by itself', async () => {
    const test = await admin.make({ name: 'test', test: true });
    for (const [method, id, body] of [
      ['DELETE', 'wrkspc_default', undefined],
      ['DELETE', test.workspace_id, undefined],
      ['PATCH', test.workspace_id, { name: 'x' }],
    ] as const) {
      const answer = await admin.ask(method, `/api/v1/workspaces/${id}`, body);
      expect([method, id, answer.body.code]).toEqual([method, id, 'workspace_protected']);
    }
  });

  it('comes without a key when its maker has not all that its first key would', async () => {
    const maker = newClientOf(platform, (await admin.make({ name: 'p', scopes: ['platform:write'] })).key);
    expect((await maker.ask('POST', '/api/v1/workspaces', { name: 'w' })).status).toBe(403);
    const made = await maker.ask('POST', '/api/v1/workspaces', { name: 'w', admin_key: false });
    expect([made.status, made.body.admin_key]).toEqual([201, null]);
  });
});

describe('scopes', () => {
  let routes: Route[];
  beforeAll(async () => {
    routes = routesOf(await platform.json('GET', '/openapi.json'));
  });

  it('are described for every route that needs a key', () => {
    const open = routes.filter(({ scope }) => scope === null).map(({ path }) => path);
    for (const path of open) expect(path).toMatch(/^\/($|health|docs|openapi|metrics|console)/);
    const described = routes.filter(({ scope }) => scope !== null);
    expect(described.length).toBeGreaterThan(30);
    for (const { scope } of described) expect([...Object.keys(SCOPES), 'any']).toContain(scope);
  });

  it.each(Object.keys(SCOPES) as Scope[])('%s alone opens its own routes and no other', async (scope) => {
    const client = newClientOf(platform, (await admin.make({ name: scope, scopes: [scope] })).key);
    for (const route of routes) {
      const path = route.path.replace(/\{[^}]+\}/g, 'nobody_has_this');
      if (route.scope === null || route.path.endsWith('/stream')) continue;
      const { status, body } = await client.ask(route.method, path, route.body ? {} : undefined);
      const name = `${route.method} ${route.path}`;
      if (route.scope === scope || route.scope === 'any') expect([name, status]).not.toEqual([name, 403]);
      else {
        expect([name, status]).toEqual([name, 403]);
        expect([name, body.detail ?? body.error.message]).toEqual([name, expect.stringContaining(route.scope)]);
      }
    }
  });
});

it('answers OPTIONS on a path it knows without a key, and says what the path takes', async () => {
  for (const [path, status, allow] of [
    ['/api/v1/keys', 204, 'GET'],
    ['/api/v1/keys/apikey_x/rotate', 204, 'POST'],
    ['/v1/sessions/sesn_x/events', 204, 'POST'],
    ['/api/v1/nothing/here', 404, null],
  ] as const) {
    const response = await fetch(`${platform.url}${path}`, { method: 'OPTIONS' });
    expect([path, response.status]).toEqual([path, status]);
    if (allow) expect(response.headers.get('allow')?.split(', ')).toContain(allow);
  }
});
