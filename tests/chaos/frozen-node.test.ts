import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, startPlatform, until } from '../support/platform.ts';
import { type PostgresServer, startPostgresServer, systemPostgres } from '../support/postgres-server.ts';
import { findProcesses } from '../support/processes.ts';
import { tickingTool } from '../support/ticking-tool.ts';

const bin = systemPostgres();
if (!bin) console.warn('skipped: no system PostgreSQL under /usr/lib/postgresql; install the package postgresql');

it.runIf(process.env.CI)('finds a system PostgreSQL in CI', () => {
  expect(bin).not.toBeNull();
});

describe.skipIf(!bin)('a server that is stopped in the middle of a tool', () => {
  const env = { API_KEY: 'aaas_frozen-node-test-admin-key', LEASE_TTL: '6', LEASE_MARGIN: '3' };
  let database: PostgresServer;
  let client: pg.Client;
  let node: Platform;
  let other: Platform | undefined;
  let agent: DeployedAgent;
  beforeAll(async () => {
    database = await startPostgresServer(bin as string);
    node = await startPlatform({ ...env, DATABASE_URL: database.url });
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    agent = await deployAgent(node);
    await agent.say('one');
  });
  afterAll(async () => {
    await client?.end();
    await other?.dispose();
    await node?.dispose();
    await database?.close();
  });

  const head = async (): Promise<{ owner: string; generation: string; incarnation: string }> =>
    (
      await client.query(
        `select h.owner, h.generation, (select n.incarnation from nodes n where n.pid = $2) as incarnation
           from session_heads h where h.session_id = $1`,
        [agent.sessionId, node.pid],
      )
    ).rows[0];

  it('finds its agents where it left them when nobody has taken them', { timeout: 120_000 }, async () => {
    const tool = tickingTool(agent, 'first', '{{n}} ended');
    const turn = await agent.begin(tool.message);
    await tool.ticks();
    const before = { head: await head(), view: await agent.view() };
    process.kill(node.pid, 'SIGSTOP');
    try {
      // It stands although the server cannot do anything about it.
      await tool.stands();
    } finally {
      process.kill(node.pid, 'SIGCONT');
    }
    await tool.ticks();
    tool.end();
    expect(await agent.ended(turn)).toMatchObject({ state: 'completed', response: '2 ended', attempts: 1 });
    expect(await head()).toEqual(before.head);
    expect(await agent.view()).toMatchObject({ pid: before.view.pid, restarts: before.view.restarts });
    expect(node.output()).toContain('the sandboxes of this node go on');
  });

  it('neither acts nor writes once another has taken over, and comes back as a new one', {
    timeout: 180_000,
  }, async () => {
    other = await startPlatform({ ...env, DATABASE_URL: database.url });
    const tool = tickingTool(agent, 'second', '{{n}} ended');
    const turn = await agent.begin(tool.message);
    await tool.ticks();
    const before = await head();
    process.kill(node.pid, 'SIGSTOP');
    let written = 0;
    try {
      await until(async () => (await head()).generation !== before.generation, 60_000);
      written = tool.size();
      const path = `/api/v1/agents/${agent.id}/turns/${turn}`;
      await until(async () => (await (other as Platform).json('GET', path)).state === 'completed', 60_000);
      expect(tool.size()).toBe(written);
    } finally {
      process.kill(node.pid, 'SIGCONT');
    }

    await until(async () => Number((await head()).incarnation) > Number(before.incarnation), 60_000);
    await until(() => findProcesses(`${node.dataDir}/sessions/`).length === 0, 60_000);
    await until(() => node.output().includes('this node is back in the fleet'), 60_000);
    expect(tool.size()).toBe(written);

    const log = await agent.log();
    expect(log.map((event) => event.seq)).toEqual(log.map((_, index) => index + 1));
    const uses = log.filter((event) => event.type === 'agent.tool_use').map((event) => event.id);
    const results = log.filter((event) => event.type === 'agent.tool_result').map((event) => event.tool_use_id);
    expect(results.toSorted()).toEqual(uses.toSorted());
    expect(log.filter((event) => event.type === 'session.status_idle')).toHaveLength(3);
    expect(await agent.turn(turn)).toMatchObject({ state: 'completed', response: '3 ended', attempts: 2 });

    // It works again, and is the owner of what it claims.
    const fresh = await deployAgent(node);
    expect((await fresh.say('hello')).response).toBe('Simulated reply 1: hello');
    expect((await agent.say('four')).response).toBe('Simulated reply 4: four');
  });
});
