import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '@aaas/contract/ids';
import { WORKSPACE_SCOPES } from '@aaas/contract/scopes';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { addSession, testContext, WORKSPACE } from '../sessions/testing.ts';
import { hashApiKey, hintOf, newApiKey } from './api-key.ts';
import { createAuthenticator } from './authenticate.ts';
import { bootstrapAccess } from './bootstrap.ts';
import { keepKeyUsage } from './key-usage.ts';
import { archiveWorkspace } from './workspaces/archive-workspace.ts';

let database: TestDatabase;
let pool: Pool;
let dataDir: string;
beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool;
  dataDir = await mkdtemp(join(tmpdir(), 'aaas-access-'));
  await bootstrapAccess(pool, { dataDir, nodeId: 'node_first', apiKey: undefined });
});
afterAll(async () => {
  await database?.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function addKey(scopes: string[], workspaceId = 'wrkspc_default'): Promise<{ id: string; key: string }> {
  const [id, key] = [newId('apikey'), newApiKey()];
  await pool.query(
    'insert into api_keys (id, workspace_id, name, hash, hint, scopes) values ($1, $2, $3, $4, $5, $6)',
    [id, workspaceId, 'test', hashApiKey(key), hintOf(key), scopes],
  );
  return { id, key };
}

const isGood = async (key: string) => (await createAuthenticator(pool, () => {}).authenticate(key)) !== null;

describe('the first key', () => {
  const start = (apiKey?: string, nodeId = 'node_first', dir = dataDir) =>
    bootstrapAccess(pool, { dataDir: dir, nodeId, apiKey });

  it('stays from start to start, and ends when API_KEY gives another', async () => {
    const first = await start();
    expect(first).toMatchObject({ fresh: false, file: join(dataDir, 'admin.key') });
    expect(await isGood(first.key)).toBe(true);
    expect((await stat(join(dataDir, 'admin.key'))).mode & 0o777).toBe(0o600);

    expect(await start('first-key-of-a-setting')).toMatchObject({ file: null, warning: null });
    expect(await isGood('first-key-of-a-setting')).toBe(true);
    expect(await isGood(first.key)).toBe(false);
    await start('second-key-of-a-setting');
    expect(await isGood('first-key-of-a-setting')).toBe(false);
    expect(await isGood('second-key-of-a-setting')).toBe(true);
    // Who changes it back means it.
    await start('first-key-of-a-setting');
    expect(await isGood('first-key-of-a-setting')).toBe(true);
    expect((await start()).key).toBe(first.key);
    expect(await isGood('first-key-of-a-setting')).toBe(false);
    expect(await isGood(first.key)).toBe(true);
  });

  it('of another node with a file of its own is left alone', async () => {
    const other = await mkdtemp(join(tmpdir(), 'aaas-access-'));
    const theirs = await start(undefined, 'node_other', other);
    const ours = await start();
    expect(theirs.key).not.toBe(ours.key);
    expect([await isGood(theirs.key), await isGood(ours.key)]).toEqual([true, true]);
    await rm(other, { recursive: true });
  });

  it('that somebody has revoked stays revoked: a file gets a new one, a setting a warning', async () => {
    const { key } = await start();
    const revoke = `update api_keys set revoked_at = now(), revoked_by = 'apikey_x' where hash = $1`;
    await pool.query(revoke, [hashApiKey(key)]);
    const fresh = await start();
    expect(fresh).toMatchObject({ fresh: true });
    expect((await readFile(join(dataDir, 'admin.key'), 'utf8')).trim()).toBe(fresh.key);
    expect([await isGood(key), await isGood(fresh.key)]).toEqual([false, true]);

    await start('leaked-key-of-a-setting');
    await pool.query(revoke, [hashApiKey('leaked-key-of-a-setting')]);
    expect((await start('leaked-key-of-a-setting')).warning).toContain('API_KEY');
    expect(await isGood('leaked-key-of-a-setting')).toBe(false);
    expect((await start('the-next-key-of-a-setting')).warning).toBe(null);
    expect(await isGood('the-next-key-of-a-setting')).toBe(true);
  });
});

describe('the authenticator', () => {
  it('gives a key outside the default workspace no scope of the platform, whatever its row says', async () => {
    await pool.query(`insert into workspaces (id, name) values ('wrkspc_tenant', 'tenant')`);
    const { authenticate } = createAuthenticator(pool, () => {});
    const all = await authenticate((await addKey(['*'], 'wrkspc_tenant')).key);
    expect(all?.scopes).toEqual(WORKSPACE_SCOPES);
    const mixed = await authenticate((await addKey(['platform:write', 'agents:read'], 'wrkspc_tenant')).key);
    expect(mixed?.scopes).toEqual(['agents:read']);
    expect((await authenticate((await addKey(['*'])).key))?.scopes).toEqual(['*']);
  });

  it('asks once for requests that come together, and again when keys have changed', async () => {
    const { id, key } = await addKey(['*']);
    const used: string[] = [];
    let questions = 0;
    const counting = {
      query: (question: object) => {
        questions++;
        return pool.query(question as never);
      },
    };
    const access = createAuthenticator(counting as never, (keyId) => used.push(keyId));
    await Promise.all(Array.from({ length: 20 }, () => access.authenticate(key)));
    expect([questions, used.length]).toEqual([1, 20]);
    await pool.query('update api_keys set revoked_at = now() where id = $1', [id]);
    expect(await access.authenticate(key)).not.toBe(null);
    access.forget();
    expect(await access.authenticate(key)).toBe(null);
  });

  it('does not keep an answer that was on its way while keys changed', async () => {
    const { id, key } = await addKey(['*']);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = {
      query: async (question: object) => {
        const answer = await pool.query(question as never);
        await held;
        return answer;
      },
    };
    const access = createAuthenticator(slow as never, () => {});
    const early = access.authenticate(key);
    await pool.query('select 1');
    await pool.query('update api_keys set revoked_at = now() where id = $1', [id]);
    access.forget();
    release();
    await early;
    expect(await access.authenticate(key)).toBe(null);
  });
});

it('notes when a key was used, at most once a minute, and the last use in the end', async () => {
  const { id } = await addKey(['*']);
  let now = Date.parse('2030-01-01T00:00:00Z');
  const usage = keepKeyUsage(pool, pino({ level: 'silent' }), () => now);
  const stored = async () =>
    (await pool.query<{ at: Date | null }>('select last_used_at as at from api_keys where id = $1', [id])).rows[0]?.at;
  usage.note(id);
  await usage.flush();
  expect((await stored())?.getTime()).toBe(now);
  const first = now;
  for (let i = 0; i < 5; i++) {
    now += 10_000;
    usage.note(id);
    await usage.flush();
  }
  expect((await stored())?.getTime()).toBe(first);
  now += 10_000;
  usage.note(id);
  await usage.flush();
  expect((await stored())?.getTime()).toBe(now);
  now += 5_000;
  usage.note(id);
  await usage.close();
  expect((await stored())?.getTime()).toBe(now);
});

it('leaves no session active in an archived workspace, also one that comes while it is archived', async () => {
  const ctx = testContext(pool);
  const before = await addSession(ctx);
  const adding = Array.from({ length: 8 }, () =>
    addSession(ctx).then(
      (id) => id,
      (error: { code?: string }) => error.code,
    ),
  );
  const { stopped } = await archiveWorkspace(ctx, WORKSPACE);
  const added = (await Promise.all(adding)).filter((id) => id !== 'AW001');
  expect(stopped.toSorted()).toEqual([before, ...added].toSorted());
  const { rows } = await pool.query(
    `select s.id, s.intent, s.status_reason, h.last_seq, (select count(*) from events e where e.session_id = s.id) as events
       from sessions s join session_heads h on h.session_id = s.id where s.workspace_id = $1`,
    [WORKSPACE],
  );
  expect(rows).toHaveLength(stopped.length);
  for (const row of rows) {
    expect(row).toMatchObject({ intent: 'stopped', status_reason: 'workspace_archived', last_seq: row.events });
  }
  await expect(addSession(ctx)).rejects.toMatchObject({ code: 'AW001' });
  const start = `update sessions set intent = 'active' where id = $1`;
  await expect(pool.query(start, [before])).rejects.toMatchObject({ code: 'AW001' });
  expect((await archiveWorkspace(ctx, WORKSPACE)).stopped).toEqual([]);
});
