import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, startPlatform, until } from '../support/platform.ts';
import { type PostgresServer, startPostgresServer, systemPostgres } from '../support/postgres-server.ts';

const bin = systemPostgres();
if (!bin) console.warn('skipped: no system PostgreSQL under /usr/lib/postgresql; install the package postgresql');

it.runIf(process.env.CI)('finds a system PostgreSQL in CI', () => {
  expect(bin).not.toBeNull();
});

const LEASE_TTL = 4;
const STARTS = 2;
const AT_WORK = 4;
const IDLE = 5;

describe.skipIf(!bin)('a node that is killed with agents at work and idle ones', () => {
  const env = {
    API_KEY: 'aaas_takeover-test-admin-key',
    LEASE_TTL: String(LEASE_TTL),
    LEASE_MARGIN: '1',
    MAX_CONCURRENT_STARTS: String(STARTS),
  };
  let database: PostgresServer;
  let client: pg.Client;
  let victim: Platform;
  const heirs: Platform[] = [];
  beforeAll(async () => {
    database = await startPostgresServer(bin as string);
    victim = await startPlatform({ ...env, DATABASE_URL: database.url });
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client?.end();
    await Promise.all([...heirs, victim].map((node) => node?.dispose()));
    await database?.close();
  });

  it('loses none: those at work go on elsewhere in time, shared out, and the idle sleep without a start', {
    timeout: 180_000,
  }, async () => {
    const agents: DeployedAgent[] = [];
    for (let n = 0; n < AT_WORK + IDLE; n++) agents.push(await deployAgent(victim));
    for (const agent of agents) expect((await agent.say('one')).response).toBe('Simulated reply 1: one');
    for (let n = 0; n < 2; n++) heirs.push(await startPlatform({ ...env, DATABASE_URL: database.url }));
    const [heir] = heirs as [Platform];
    const atWork = agents.slice(0, AT_WORK);
    const turns = await Promise.all(
      atWork.map((agent) => agent.begin(script([{ wait_ms: 6_000 }, { text: '{{n}} elsewhere' }]))),
    );
    const ids = atWork.map(({ sessionId }) => sessionId);
    await until(async () => {
      const { rows } = await client.query(
        `select 1 from sessions where id = any ($1) and turn_status = 'running' and sandbox_phase = 'ready'`,
        [ids],
      );
      return rows.length === AT_WORK;
    });
    const before = await generations(ids);

    const killedAt = Date.now();
    await victim.crash();
    let mostStarts = 0;
    const taken = new Map<string, number>();
    const owners = new Map<string, string>();
    await until(async () => {
      for (const { session_id: id, owner, generation } of await heads(ids)) {
        if (owner === null || generation === before.get(id) || taken.has(id)) continue;
        taken.set(id, Date.now() - killedAt);
        owners.set(id, owner);
      }
      for (const node of heirs) {
        const fleet = await fleetOf(node);
        mostStarts = Math.max(mostStarts, fleet.nodes.find((one) => one.this_node)?.load?.starts.running ?? 0);
      }
      return taken.size === AT_WORK;
    }, 60_000);
    const takeovers = [...taken.values()].toSorted((a, b) => a - b);
    console.log(
      `taken over ${AT_WORK} agents at work after ${takeovers.map((ms) => (ms / 1000).toFixed(1)).join(', ')} s with a LEASE_TTL of ${LEASE_TTL} s`,
    );
    expect(takeovers.at(-1)).toBeLessThan((LEASE_TTL + 2) * 1_000);
    // Each of the two heirs got half of them.
    const perOwner = [...owners.values()].filter((owner) => owner === owners.get(ids[0] as string)).length;
    expect(perOwner).toBe(AT_WORK / 2);

    for (const [n, agent] of atWork.entries()) {
      const path = `${agent.path}/turns/${turns[n]}`;
      await until(async () => (await heir.json('GET', path)).state === 'completed', 90_000);
      expect(await heir.json('GET', path)).toMatchObject({ response: '2 elsewhere', attempts: 2 });
    }
    expect(mostStarts).toBeLessThanOrEqual(STARTS);
    for (const agent of agents.slice(AT_WORK)) {
      expect(await heir.json('GET', agent.path)).toMatchObject({ status: 'hibernated', status_reason: 'node_lost' });
      const { data } = await heir.json('GET', `${agent.path}/timeline?limit=1000`);
      expect(data.at(-1)).toMatchObject({ from: 'idle', to: 'hibernated', reason: 'node_lost' });
    }
    const slept = agents[AT_WORK] as DeployedAgent;
    const answer = await heir.json('POST', `${slept.path}/messages`, { message: 'two' });
    expect(answer.response).toBe('Simulated reply 2: two');
  });

  async function heads(ids: string[]) {
    const { rows } = await client.query<{ session_id: string; owner: string | null; generation: string }>(
      'select session_id, owner, generation from session_heads where session_id = any ($1)',
      [ids],
    );
    return rows;
  }
  async function generations(ids: string[]): Promise<Map<string, string>> {
    return new Map((await heads(ids)).map((row) => [row.session_id, row.generation]));
  }
  function fleetOf(
    node: Platform,
  ): Promise<{ nodes: { this_node: boolean; load: { starts: { running: number } } }[] }> {
    return node.json('GET', '/api/v1/fleet');
  }
});
