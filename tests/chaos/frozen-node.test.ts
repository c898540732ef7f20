import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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

const LEASE_TTL = 6;

/** What is in every file below a directory. */
function digestsOf(root: string): Map<string, string> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}

describe.skipIf(!bin)('a server that is stopped in the middle of a tool', () => {
  const env = { API_KEY: 'aaas_frozen-node-test-admin-key', LEASE_TTL: String(LEASE_TTL), LEASE_MARGIN: '3' };
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

  const placesOf = async ({ url, key }: Platform) => {
    const fleet = await (await fetch(`${url}/api/v1/fleet`, { headers: { 'x-api-key': key } })).json();
    return (fleet as { nodes: { this_node: boolean; load: { places: object } }[] }).nodes.find((one) => one.this_node)
      ?.load.places;
  };
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
    const stoppedAt = Date.now();
    process.kill(node.pid, 'SIGSTOP');
    let written = 0;
    let takenAt: Date;
    const left = new Map<string, string>();
    try {
      await until(async () => (await head()).generation !== before.generation, 60_000);
      written = tool.size();
      takenAt = (await client.query('select now() as now')).rows[0].now;
      for (const [path, digest] of digestsOf(agent.root)) left.set(path, digest);
      const path = `/api/v1/agents/${agent.id}/turns/${turn}`;
      await until(async () => (await (other as Platform).json('GET', path)).state === 'completed', 60_000);
      // Thrice as long as it takes to count as gone, and some more for those that would stir.
      await until(() => Date.now() - stoppedAt > 3 * LEASE_TTL * 1_000 + 500, 60_000);
      expect(tool.size()).toBe(written);
      expect(digestsOf(agent.root)).toEqual(left);
    } finally {
      process.kill(node.pid, 'SIGCONT');
    }

    await until(async () => Number((await head()).incarnation) > Number(before.incarnation), 60_000);
    await until(() => findProcesses(`${node.dataDir}/sessions/`).length === 0, 60_000);
    await until(() => node.output().includes('this node is back in the fleet'), 60_000);
    expect(tool.size()).toBe(written);
    expect(digestsOf(agent.directory)).toEqual(new Map([...left].filter(([path]) => path.startsWith(agent.directory))));
    expect(await placesOf(node)).toEqual({ idle: 0, working: 0 });
    expect(await placesOf(other)).toMatchObject({ idle: 1 });

    // What the old life had begun is written under the new generation alone.
    const late = await client.query(
      `select m.generation, m.at from model_requests m
        where m.session_id = $1 and m.generation <= $2 and m.at >= $3`,
      [agent.sessionId, before.generation, takenAt],
    );
    expect(late.rows).toEqual([]);
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
