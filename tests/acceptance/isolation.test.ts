import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool } from '../../apps/server/src/postgres/pool.ts';
import { type Route, routesOf, type Schema, schemasOf } from '../support/openapi.ts';
import { type Platform, until } from '../support/platform.ts';
import { type RawClient, rawClient } from '../support/raw-http.ts';
import { propertyNames, sampleBodies } from '../support/sample-body.ts';
import { fillTenant, PLAIN_PARAMETERS, type Tenant, unknownIds } from '../support/tenant.ts';
import { startTestPlatform } from '../support/test-platform.ts';
import { rowsOfWorkspace } from '../support/workspace-rows.ts';

let platform: Platform;
let client: RawClient;
let pool: Pool;
let routes: Route[];
let schemas: Record<string, Schema>;
const tenants: Record<'victim' | 'victimTest' | 'stranger' | 'operator', Tenant> = {} as never;
beforeAll(async () => {
  platform = await startTestPlatform({ WEBHOOK_ALLOW_PRIVATE: '127.0.0.1', WEBHOOK_RETRY_SCHEDULE: '86400' });
  client = rawClient(platform.url);
  pool = createPool(platform.database, { max: 2, log: { warn: () => {} } });
  const description = await platform.json('GET', '/openapi.json');
  routes = routesOf(description);
  schemas = schemasOf(description);
  const workspace = async (name: string) => (await platform.json('POST', '/api/v1/workspaces', { name })).admin_key.key;
  const victim = await workspace('victim');
  const test = { name: 'test', test: true };
  const victimTest = (await platform.json('POST', '/api/v1/keys', test, { 'x-api-key': victim })).key;
  const keys = { victim, victimTest, stranger: await workspace('stranger'), operator: platform.key };
  await Promise.all(
    Object.entries(keys).map(async ([name, key]) => {
      tenants[name as keyof typeof tenants] = await fillTenant(platform, `all-of-${name}-here`, key);
    }),
  );
  const owned = `select 1 from session_heads where owner is not null or runnable_at is not null`;
  await until(async () => (await pool.query(owned)).rowCount === 0);
});
afterAll(async () => {
  await pool?.end();
  await platform?.dispose();
});

it('knows an id for every parameter of a path', () => {
  const known = Object.keys({ ...tenants.victim.ids, ...PLAIN_PARAMETERS });
  const missing = routes.filter(({ pathParameters }) => !pathParameters.every((name) => known.includes(name)));
  // Add what is missing to fillTenant, or to PLAIN_PARAMETERS when it is no id.
  expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  expect(routes.length).toBeGreaterThan(25);
});

// Who asks, and for whose things. A live key sees the keys of its own test side; an operator sees the workspaces of others
// and makes keys in them, and its audit log says so; a test side knows whose it is. `except` is for that.
describe.each([
  ['a stranger', 'stranger', 'victim', null],
  ['the test side', 'victimTest', 'victim', /workspaces\/current/],
  ['the live side', 'victim', 'victimTest', /\/keys/],
  ['the operator', 'operator', 'victim', /\/workspaces|\/audit|^POST .*\/keys$/],
] as const)('%s', (_, attackerName, victimName, except) => {
  let attacker: Tenant;
  let victim: Tenant;
  let unknown: Record<string, string>;
  let open: Route[];
  let before: Record<string, string[]>;
  beforeAll(async () => {
    attacker = tenants[attackerName];
    victim = tenants[victimName];
    unknown = unknownIds(victim.ids);
    open = routes.filter(({ method, path, scope }) => scope !== null && !except?.test(`${method} ${path}`));
    before = await rowsOfWorkspace(pool, victim.workspaceId);
    // Its own, the one that asks, and the hidden one of its queries.
    expect(before.agents).toHaveLength(3);
    expect(before.turns).toHaveLength(2);
    expect(before.events?.length).toBeGreaterThan(3);
  });

  // The first one of each: afterwards its own audit log names the foreign ids that it has asked for.
  it('sees nothing foreign in what it may read', async () => {
    const readable = open.filter(({ method, scope }) => method === 'GET' && !scope?.startsWith('platform:'));
    expect(readable.length).toBeGreaterThan(10);
    const own = Object.values(attacker.ids);
    const foreign = [victim.marker, ...Object.values(victim.ids)].filter((id) => !own.includes(id));
    for (const route of readable) {
      const { status, text } = await send(route, attacker.ids);
      const seen = foreign.filter((id) => text.includes(id));
      expect([route.path, status, seen]).toEqual([route.path, expect.toSatisfy((code) => code < 500), []]);
    }
  });

  it('gets for every foreign id the 404 of an id that nobody has', async () => {
    let asked = 0;
    for (const route of open) {
      const names = route.pathParameters.filter((name) => name in victim.ids);
      // All of them foreign; and one of them in the company of own ones.
      const choices = names.length > 1 ? [names, ...names.map((name) => [name])] : names.length === 1 ? [names] : [];
      for (const choice of choices) {
        const foreign = await send(route, { ...attacker.ids, ...pick(victim.ids, choice) });
        const nobody = await send(route, { ...attacker.ids, ...pick(unknown, choice) });
        const name = `${route.method} ${route.path} with a foreign ${choice.join(', ')}`;
        expect([name, foreign]).toEqual([name, nobody]);
        const closed = route.scope?.startsWith('platform:') && attackerName !== 'operator';
        expect([name, foreign.status, foreign.text]).toEqual([name, closed ? 403 : 404, expect.anything()]);
        asked++;
      }
    }
    expect(asked).toBeGreaterThan(20);
  });

  it('gets nothing with foreign ids in a query or in a body', async () => {
    let asked = 0;
    for (const route of open) {
      const inBody = route.body ? [...propertyNames(route.body, schemas)] : [];
      for (const name of Object.keys(victim.ids)) {
        const own = attacker.ids;
        if (route.queryParameters.includes(name)) {
          const foreign = await send(route, own, { query: { [name]: victim.ids[name] as string } });
          const nobody = await send(route, own, { query: { [name]: unknown[name] as string } });
          expect([route.path, name, foreign]).toEqual([route.path, name, nobody]);
          expect(foreign.text).not.toContain(victim.marker);
          asked++;
        }
        if (inBody.includes(name)) {
          const foreign = await send(route, own, { body: { [name]: victim.ids[name] as string } });
          const nobody = await send(route, own, { body: { [name]: unknown[name] as string } });
          expect([route.path, name, foreign]).toEqual([route.path, name, nobody]);
          expect([route.path, name, foreign.status]).toEqual([route.path, name, expect.toSatisfy(isRefusal)]);
          asked++;
        }
      }
    }
    if (attackerName === 'stranger') expect(asked).toBeGreaterThan(0);
  });

  // The last one of each: it looks at what the others have done.
  it('has changed nothing', async () => {
    expect(await rowsOfWorkspace(pool, victim.workspaceId)).toEqual(before);
  });

  /** The first plausible request that is not refused for its form. Ids and request ids in the answer are taken out. */
  async function send(
    route: Route,
    ids: Record<string, string>,
    more: { query?: Record<string, string>; body?: Record<string, string> } = {},
  ): Promise<{ status: number; text: string }> {
    const values = { ...PLAIN_PARAMETERS, ...ids };
    const path = route.path.replace(/\{([^}]+)\}/g, (_all, name: string) => encodeURIComponent(values[name] as string));
    const query = more.query ? `?${new URLSearchParams(more.query)}` : '';
    const bodies = route.body ? sampleBodies(route.body, schemas, more.body) : [null];
    const headers = { 'x-api-key': attacker.key, prefer: 'respond-async' };
    let last = { status: 0, text: '' };
    for (const body of bodies) {
      const [type, bytes] =
        body === null ? [{}, null] : [{ 'content-type': 'application/json' }, Buffer.from(JSON.stringify(body))];
      const answer = await client.send(route.method, path + query, { ...headers, ...type }, bytes);
      last = { status: answer.status, text: answer.text };
      if (![400, 422].includes(answer.status)) break;
    }
    return { status: last.status, text: anonymous(last.text, ids, more.query ?? {}, more.body ?? {}) };
  }

  function anonymous(text: string, ...given: Record<string, string>[]): string {
    const plain = given.flatMap(Object.values).reduce((all, id) => all.replaceAll(id, '<id>'), text);
    return plain.replace(/req_\w+/g, '<request>');
  }
});

function pick(ids: Readonly<Record<string, string>>, names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, ids[name] as string]));
}

function isRefusal(status: number): boolean {
  return status >= 400 && status < 500;
}
