import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Keyring } from '../secrets/keyring.ts';
import { appendEvents } from '../sessions/log/append.ts';
import { draftEvent } from '../sessions/log/draft-event.ts';
import { readLog } from '../sessions/log/read-log.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import { addSession, testContext, WORKSPACE } from '../sessions/testing.ts';
import { createWebhook } from '../webhooks/create-webhook.ts';
import { migrate } from './migrate.ts';
import { isPermanent, sqlStateOf } from './permanent-error.ts';
import { TEST_SERVERS, type TestSchema, type TestServer } from './test-servers.ts';

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));

describe.each(TEST_SERVERS)('a log from before its partitions, on %s', (_name, start) => {
  let server: TestServer;
  let schema: TestSchema;
  let former: string;
  let ctx: SessionContext;
  beforeAll(async () => {
    server = await start();
    schema = await server.schema();
    ctx = testContext(schema.pool);
    former = await mkdtemp(join(tmpdir(), 'aaas-migrations-'));
    for (const file of (await readdir(MIGRATIONS)).filter((name) => name < '0023'))
      await copyFile(join(MIGRATIONS, file), join(former, file));
    await migrate(schema.pool, { folder: former });
  });
  afterAll(async () => {
    await schema?.close();
    await server?.close();
    await rm(former, { recursive: true });
  });

  const rows = async (text: string, values: unknown[] = []) => (await schema.pool.query(text, values)).rows;
  const append = (sessionId: string, ...types: string[]) =>
    appendEvents(
      ctx,
      { sessionId, generation: 0 },
      {
        turnId: null,
        events: types.map((type) => draftEvent(type, { text: 'ü \\ " \n 漢' })),
      },
    );
  const log = () => rows('select * from events order by session_id, seq');
  const told = () => rows('select id, body, job_id from webhook_deliveries order by seq');

  it('comes over whole, tells nobody again, and goes on', async () => {
    const sessions = await Promise.all(Array.from({ length: 12 }, () => addSession(ctx)));
    const [first, ...others] = sessions as [string, ...string[]];
    await append(first, 'session.status_running', 'agent.message');
    await createWebhook(
      { pool: schema.pool, keyring: new Keyring([randomBytes(32)]) },
      WORKSPACE,
      {
        ...{ url: 'https://example.com/', events: ['*'], description: null, enabled: true },
        ...{ agent_ids: null, include_response: false },
      },
      10,
    );
    for (const other of others) await append(other, 'agent.message', 'session.status_idle');
    await append(first, 'agent.message', 'session.status_idle');
    // One that was cut at its front.
    await schema.pool.query('delete from events where session_id = $1 and seq < 3', [first]);
    await schema.pool.query('grant select on events to public');
    const before = { log: await log(), told: await told() };
    expect(before.log).toHaveLength(3 + 11 * 3);
    expect(before.told.length).toBeGreaterThanOrEqual(12);

    expect(await migrate(schema.pool)).toContainEqual({ version: 23, name: '0023-event-partitions' });

    expect({ log: await log(), told: await told() }).toEqual(before);
    const partitions = await rows(
      `select c.reloptions as options, (select count(*)::int from events e where e.tableoid = c.oid) as events
         from pg_partition_tree('events') t join pg_class c on c.oid = t.relid where t.isleaf`,
    );
    expect(partitions.map(({ options }) => options)).toEqual(Array(16).fill(['autovacuum_vacuum_scale_factor=0.02']));
    expect(partitions.filter(({ events }) => events > 0).length).toBeGreaterThan(4);
    expect(await rows(`select to_regclass('events_undivided') as old`)).toEqual([{ old: null }]);
    expect(await rows(`select has_table_privilege('public', 'events', 'select') as granted`)).toEqual([
      { granted: true },
    ]);

    // Over connections that had prepared the statement for the table as it was.
    expect((await append(first, 'session.status_idle', 'agent.message')).map(({ seq }) => seq)).toEqual([6, 7]);
    expect((await readLog(schema.pool, first, 0, 100)).map(({ seq }) => seq)).toEqual([3, 4, 5, 6, 7]);
    const [news, ...more] = (await told()).slice(before.told.length);
    expect(JSON.parse(news.body)).toMatchObject({
      type: 'session.status_idle',
      data: { session_id: first, log_seq: 6 },
    });
    expect(more).toEqual([]);

    const twice = await schema.pool
      .query(`insert into events select * from events where session_id = $1 and seq = 7`, [first])
      .catch((error: unknown) => error);
    expect(sqlStateOf(twice)).toBe('23505');
    expect(isPermanent(twice)).toBe(true);
  });
});
