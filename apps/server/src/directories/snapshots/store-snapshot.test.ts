import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { claimSessions } from '../../fleet/claims/claim-sessions.ts';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { addInput } from '../../sessions/inbox/add-input.ts';
import { loadSession, type SessionRow } from '../../sessions/lifecycle/load-session.ts';
import { releaseSession } from '../../sessions/lifecycle/release-session.ts';
import { readLog } from '../../sessions/log/read-log.ts';
import type { OwnedSession, SessionContext } from '../../sessions/session-context.ts';
import { addSession, testContext, WORKSPACE } from '../../sessions/testing.ts';
import { beginTurn } from '../../sessions/turns/begin-turn.ts';
import type { StoreMode } from '../copies/decide-restore.ts';
import { discardStale } from '../copies/discard-stale.ts';
import { directoryPlacer, directoryTaker } from '../copies/place-directory.ts';
import { settleCopy } from '../copies/settle-copy.ts';
import { writeFile } from '../files/write-file.ts';
import { findDirectoryNode } from '../find-directory-node.ts';
import { inTurn } from '../in-turn.ts';
import { locateDirectory } from '../locate-directory.ts';
import { prepareDirectory } from '../session-directory.ts';
import type { DirectoryStore } from '../store/directory-store.ts';
import { openFileStore } from '../store/file-store.ts';
import { removeDoomed } from '../store/remove-archives.ts';
import { findUnsaved } from './find-unsaved.ts';
import { storeSnapshot } from './store-snapshot.ts';

const never = new AbortController().signal;
const settings = { MAX_ARCHIVE_ENTRIES: 100, SNAPSHOT_MAX_MB: 1 };
let top: string;
let database: TestDatabase;
let ctx: SessionContext;
let store: DirectoryStore;
let held: { promise: Promise<void>; resolve(): void } | null = null;
beforeAll(async () => {
  top = mkdtempSync(join(tmpdir(), 'aaas-snapshots-'));
  mkdirSync(join(top, 'archives'));
  database = await startTestDatabase();
  ctx = testContext(database.pool);
  await database.pool.query(
    `insert into nodes (id, roles, version, capacity, pid) values ('node_a', '{}', '', 1, 1), ('node_b', '{}', '', 1, 1)`,
  );
  const files = await openFileStore('file:///archives', join(top, 'archives'));
  store = {
    ...files,
    put: async (...args) => {
      await held?.promise;
      await files.put(...args);
    },
  };
});
afterAll(async () => {
  await database?.close();
  rmSync(top, { recursive: true, force: true });
});

const site = (nodeId: string) => ({
  ...{ dataDir: join(top, nodeId), nodeId, uidBase: null, mode: 'archives' as StoreMode, goneAfterMs: 60_000 },
});
const archives = () => readdirSync(join(top, 'archives'), { recursive: true, encoding: 'utf8' });
let sessionId: string;
let owned: OwnedSession;
const work = (nodeId: string) => join(top, nodeId, 'sessions', sessionId, 'work');

beforeEach(async () => {
  sessionId = await addSession(ctx);
  owned = (await claimSessions(database.pool, 'node_a', 1))[0] as OwnedSession;
  expect(owned.sessionId).toBe(sessionId);
  await prepareDirectory(join(top, 'node_a'), sessionId, null);
  await settleCopy(database.pool, site('node_a'), sessionId, owned);
  await database.pool.query(`update sessions set directory_unsaved = true where id = $1`, [sessionId]);
});

async function storeOn(nodeId: string) {
  const found = await findUnsaved(database.pool, nodeId, { except: [], intervalSeconds: 0, limit: 10 });
  const unsaved = found.find((one) => one.sessionId === sessionId);
  if (!unsaved) return 'nothing to do';
  return (await storeSnapshot({ ctx, site: site(nodeId), store, settings }, unsaved, never)).outcome;
}

async function row() {
  const { rows } = await database.pool.query(
    `select directory_node as node, directory_unsaved as unsaved, directory_snapshot as snapshot from sessions where id = $1`,
    [sessionId],
  );
  return rows[0];
}

async function beginOne(): Promise<void> {
  const input = { type: 'user.message' as const, body: { content: [{ type: 'text', text: 'x' }] } };
  await addInput(ctx, { workspaceId: WORKSPACE, sessionId }, input, 10);
  const session = await loadSession(ctx, owned);
  expect(await beginTurn(ctx, owned, session)).not.toBeNull();
}

/** Another node owns the session and wants its directory. */
async function takeOn(nodeId: string): Promise<SessionRow> {
  const { requested } = await loadSession(ctx, owned);
  await releaseSession(ctx, owned, requested, true);
  owned = (await claimSessions(database.pool, nodeId, 1))[0] as OwnedSession;
  const session = await loadSession(ctx, owned);
  const place = directoryPlacer({ ctx, site: site(nodeId), store, settings, inTurn: inTurn(1) });
  await place(session, owned.generation, { signal: never, onBegin: () => {} });
  return session;
}

const findOwner = async () =>
  (await database.pool.query('select owner from session_heads where session_id = $1', [sessionId])).rows[0].owner;

const restored = async () =>
  (await readLog(database.pool, sessionId, 0, 1_000)).filter(({ type }) => type === 'x.workspace_restored');

it('stores what has changed, once, and keeps two archives', async () => {
  expect(await storeOn('node_a')).toBe('unchanged'); // empty, and nothing to store
  expect((await row()).unsaved).toBe(false);
  expect(await storeOn('node_a')).toBe('nothing to do');
  for (const content of ['one', 'two', 'three']) {
    writeFileSync(join(work('node_a'), 'note'), content);
    await database.pool.query(`update sessions set directory_unsaved = true where id = $1`, [sessionId]);
    expect(await storeOn('node_a')).toBe('stored');
  }
  const mine = archives().filter((name) => name.includes(`${sessionId}/`));
  expect(mine).toHaveLength(2);
  const { unsaved, snapshot } = await row();
  expect(unsaved).toBe(false);
  expect(mine).toContain(snapshot.archive.key);
  await database.pool.query(`update sessions set directory_unsaved = true where id = $1`, [sessionId]);
  expect(await storeOn('node_a')).toBe('unchanged');
  expect((await row()).snapshot.archive.key).toBe(snapshot.archive.key);

  // Of a session that is gone nothing stays.
  await database.pool.query(`update directory_archives set state = 'doomed' where session_id = $1`, [sessionId]);
  expect(await removeDoomed(database.pool, store, never)).toBe(2);
  expect(archives().filter((name) => name.includes(sessionId))).toEqual([]);
});

it('gives way to a turn that begins while files are read, and knows what one has done since', async () => {
  for (let n = 0; n < 50; n++) writeFileSync(join(work('node_a'), `f${n}`), String(n));
  const { streams } = ctx;
  // The turn begins just when the files are to be read.
  ctx.streams = Object.assign(Object.create(streams), {
    subscribe: (id: string, listener: Parameters<typeof streams.subscribe>[1]) => {
      queueMicrotask(() => listener({ kind: 'events', events: [{ type: 'session.status_running' } as never] }));
      return streams.subscribe(id, listener);
    },
  });
  expect(await storeOn('node_a')).toBe('abandoned');
  ctx.streams = streams;
  expect((await row()).unsaved).toBe(true);
  await beginOne();
  expect(await storeOn('node_a')).toBe('nothing to do'); // it works
  await database.pool.query(`update sessions set turn_status = 'idle' where id = $1`, [sessionId]);
  await database.pool.query(`update turns set state = 'completed', last_seq = first_seq where session_id = $1`, [
    sessionId,
  ]);

  // While it is sent: what was read is worth keeping, and is not all.
  held = Promise.withResolvers<void>();
  const sending = storeOn('node_a');
  const begun = () => database.pool.query('select 1 from directory_archives where session_id = $1', [sessionId]);
  while ((await begun()).rowCount === 0);
  await beginOne();
  held.resolve();
  held = null;
  expect(await sending).toBe('stored');
  const { unsaved, snapshot } = await row();
  expect(unsaved).toBe(true);
  expect(snapshot.archive.files).toBe(50);
});

it('stores what comes through the API, also in the middle', async () => {
  const place = { site: site('node_a'), workspaceId: WORKSPACE, sessionId, owner: null };
  const options = { mode: undefined, ifMatch: null, mustBeNew: false };
  const write = (name: string) =>
    writeFile(
      database.pool,
      place,
      [name],
      (async function* () {
        yield Buffer.from(name);
      })(),
      options,
    );
  await write('first');
  held = Promise.withResolvers<void>();
  const sending = storeOn('node_a');
  const begun = () => database.pool.query('select 1 from directory_archives where session_id = $1', [sessionId]);
  while ((await begun()).rowCount === 0);
  await write('second');
  held.resolve();
  held = null;
  expect(await sending).toBe('stored');
  expect((await row()).unsaved).toBe(true);
  expect(await storeOn('node_a')).toBe('stored');
  expect((await row()).unsaved).toBe(false);
});

it('says once that a directory is too large, and stores it when it is not any more', async () => {
  await using file = await open(join(work('node_a'), 'large'), 'w');
  await file.truncate(2 * 1024 * 1024);
  for (let n = 0; n < 2; n++) expect(await storeOn('node_a')).toBe('unstorable');
  const notices = await database.pool.query('select payload from notices where session_id = $1', [sessionId]);
  expect(notices.rows.map(({ payload }) => JSON.parse(payload))).toMatchObject([
    { type: 'x.workspace_not_stored', reason: 'too_large', bytes: 2 * 1024 * 1024, limit: 1024 * 1024 },
  ]);
  await file.truncate(10);
  expect(await storeOn('node_a')).toBe('stored');
  expect((await row()).snapshot.unstorable).toBeUndefined();
  for (let n = 0; n < 101; n++) writeFileSync(join(work('node_a'), `f${n}`), '');
  await database.pool.query(`update sessions set directory_unsaved = true where id = $1`, [sessionId]);
  expect(await storeOn('node_a')).toBe('unstorable');
});

it('waits for the node that has it, and leaves that node nothing to say afterwards', async () => {
  writeFileSync(join(work('node_a'), 'note'), 'first');
  const storing = (async () => {
    while ((await findOwner()) !== 'node_b');
    await storeOn('node_a');
  })();
  // It lives and has not stored it yet.
  const session = await takeOn('node_b');
  await storing;
  expect(readFileSync(join(work('node_b'), 'note'), 'utf8')).toBe('first');
  expect(session).toMatchObject({ directoryNode: 'node_b', directoryNotes: [{ lost: false }] });
  expect(JSON.parse((await restored())[0]?.payload ?? '')).toMatchObject({ from_node: 'node_a', lost: false });

  // What the first node has now is nobody's: it is neither stored nor used, and goes after a while.
  writeFileSync(join(work('node_a'), 'note'), 'stale');
  await database.pool.query(`update sessions set directory_unsaved = true where id = $1`, [sessionId]);
  expect(await storeOn('node_a')).toBe('nothing to do');
  expect(await discardStale(database.pool, site('node_a'), 60_000)).toBe(0);
  writeFileSync(join(work('node_b'), 'note'), 'second');
  expect(await storeOn('node_b')).toBe('stored');
  await takeOn('node_a');
  expect(readFileSync(join(work('node_a'), 'note'), 'utf8')).toBe('second');
  expect(await discardStale(database.pool, site('node_a'), 0)).toBe(0);
  expect(await discardStale(database.pool, site('node_b'), 0)).toBe(1);
  expect(await restored()).toHaveLength(2);
});

it('goes on without what a lost node has not stored, and says so', async () => {
  writeFileSync(join(work('node_a'), 'note'), 'stored');
  expect(await storeOn('node_a')).toBe('stored');
  await beginOne();
  await database.pool.query(`update nodes set lost_at = now() where id = 'node_a'`);
  try {
    const session = await takeOn('node_b');
    expect(readFileSync(join(work('node_b'), 'note'), 'utf8')).toBe('stored');
    expect(session.directoryNotes).toMatchObject([{ lost: true, snapshot_at: expect.any(String) }]);
    // The turn goes on here, and changes it again.
    expect((await row()).unsaved).toBe(true);
  } finally {
    await database.pool.query(`update nodes set lost_at = null where id = 'node_a'`);
  }
});

it('gives the files of a session that no node may run, and takes new ones', async () => {
  const session = { workspaceId: WORKSPACE, sessionId };
  const takeOver = directoryTaker({ ctx, site: site('node_b'), store, settings, inTurn: inTurn(1) });
  const locate = () => locateDirectory(database.pool, { ...site('node_b'), takeOver }, session);
  writeFileSync(join(work('node_a'), 'note'), 'stored');
  expect(await storeOn('node_a')).toBe('stored');
  await database.pool.query(`update session_heads set owner = '-', runnable_at = now() where session_id = $1`, [
    sessionId,
  ]);
  await database.pool.query(`update nodes set lost_at = now() where id = 'node_a'`);
  try {
    await locate();
    expect(readFileSync(join(work('node_b'), 'note'), 'utf8')).toBe('stored');
    expect(await findDirectoryNode(database.pool, session)).toBe('node_b');
  } finally {
    await database.pool.query(`update nodes set lost_at = null where id = 'node_a'`);
  }
  // One that has none yet, either.
  await database.pool.query('update sessions set directory_node = null, directory_copy = null where id = $1', [
    sessionId,
  ]);
  await database.pool.query(`update sessions set directory_snapshot = null where id = $1`, [sessionId]);
  expect(await findDirectoryNode(database.pool, session)).toBeNull();
  expect(await locate()).toMatchObject(session);
});
