import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type Platform, startPlatform, until } from '../support/platform.ts';
import { type PostgresServer, startPostgresServer, systemPostgres } from '../support/postgres-server.ts';
import { framesOf } from '../support/sse.ts';
import { tickingTool } from '../support/ticking-tool.ts';

const bin = systemPostgres();
if (!bin) console.warn('skipped: no system PostgreSQL under /usr/lib/postgresql; install the package postgresql');

it.runIf(process.env.CI)('finds a system PostgreSQL in CI', () => {
  expect(bin).not.toBeNull();
});

describe.skipIf(!bin)('a database that is away', () => {
  let database: PostgresServer;
  let proxy: FaultProxy;
  let platform: Platform;
  let agent: DeployedAgent;
  let replies = 0;
  beforeAll(async () => {
    database = await startPostgresServer(bin as string);
    const url = new URL(database.url);
    proxy = await startFaultProxy(Number(url.port));
    url.port = String(proxy.port);
    // Often enough checked for its health to be found dead while it is only frozen.
    const checks = { HEALTH_CHECK_INTERVAL: '1', HEALTH_CHECK_TIMEOUT: '3' };
    platform = await startPlatform({ DATABASE_URL: url.href, LEASE_TTL: '6', LEASE_MARGIN: '3', ...checks });
    agent = await deployAgent(platform);
    await agent.say(`reply ${++replies}`);
  });
  afterAll(async () => {
    await proxy?.restore();
    await platform?.dispose();
    await proxy?.close();
    await database?.close();
  });

  describe.each([
    // Longer than a process may be silent when its health is checked.
    ['refuses connections', 6_000, () => proxy.refuse()],
    ['says nothing any more', 1_000, async () => proxy.silence()],
  ] as const)('and %s', (how, quietMs, fail) => {
    it('costs nobody anything but time', { timeout: 180_000 }, async () => {
      const before = await agent.view();
      const closing = new AbortController();
      const seen: number[] = [];
      const response = await fetch(`${platform.url}${agent.path}/events/stream?after=0`, {
        headers: { 'x-api-key': platform.key },
        signal: closing.signal,
      });
      const reading = (async () => {
        for await (const frame of framesOf(response)) if (frame.id) seen.push(Number(frame.id));
      })().catch(() => {});
      const tool = tickingTool(agent, how.split(' ')[0] as string, '{{n}} ended');
      const answer = agent.say(tool.message);
      await tool.ticks();

      await fail();
      let refused: Response | undefined;
      await until(async () => {
        refused = await agent.post('too early');
        return refused.headers.get('retry-after') !== null;
      }, 60_000);
      expect(refused?.status).toBe(503);
      expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await refused?.json()).toMatchObject({ code: 'database_unavailable', retryable: true });
      // Before its lease ends, everything of this node stands.
      await tool.stands(quietMs);
      expect((await fetch(`${platform.url}/health/live`)).status).toBe(200);
      expect((await fetch(`${platform.url}/health/ready`)).status).toBe(503);
      expect(await (await fetch(`${platform.url}/health`)).json()).toMatchObject({ status: 'degraded' });

      await proxy.restore();
      await tool.ticks();
      tool.end();
      // On the connections that were open all the time.
      expect((await answer).response).toBe(`${++replies} ended`);
      const log = await agent.log();
      await until(() => seen.length >= log.length);
      expect(seen).toEqual(log.map((_, index) => index + 1));
      closing.abort();
      await reading;
      expect(log.filter((event) => event.type === 'session.status_idle')).toHaveLength(replies);
      expect(await agent.view()).toMatchObject({ pid: before.pid, restarts: before.restarts });
      expect((await agent.say('and on')).response).toBe(`Simulated reply ${++replies}: and on`);
    });
  });
});
