import { ApiError } from '@aaas/contract/errors';
import { randomChars } from '@aaas/contract/ids';
import type { DirectoryArchive, TakenSnapshot } from '../../sessions/lifecycle/directory-snapshot.ts';
import type { SessionContext } from '../../sessions/session-context.ts';
import { watchChanges } from '../changes.ts';
import type { Directory } from '../confined/directory.ts';
import { openStaging } from '../confined/staging.ts';
import { readMarker } from '../copies/marker.ts';
import { settleCopy } from '../copies/settle-copy.ts';
import { lockDirectory } from '../directory-lock.ts';
import { type DirectorySite, ownerOf } from '../directory-site.ts';
import { openSessions, sessionDirectory } from '../session-directory.ts';
import type { DirectoryStore } from '../store/directory-store.ts';
import { removeDoomedOf } from '../store/remove-archives.ts';
import type { Unsaved } from './find-unsaved.ts';
import { type Listing, listEntries } from './list-entries.ts';
import { packArchive } from './pack-archive.ts';
import { announceArchive, recordStored, recordUnstorable, type Subject } from './record-stored.ts';
import { nameListing } from './take-snapshot.ts';

export interface StoreOptions {
  ctx: SessionContext;
  site: DirectorySite;
  store: DirectoryStore;
  settings: { MAX_ARCHIVE_ENTRIES: number; SNAPSHOT_MAX_MB: number };
}

export type StoreOutcome = 'stored' | 'unchanged' | 'abandoned' | 'unstorable';

const MIB = 1024 * 1024;
/** What packing throws when the directory changes under it, or is more than was listed. */
const CHANGES = new Set(['agent_busy', 'payload_too_large', 'directory_too_large']);

/**
 * Stores what is in a session's directory on this node, if it is not what was stored last. It is taken between turns: one
 * that begins while the files are read makes it worthless; one that begins while they are sent does not.
 * @returns what came of it, and how many bytes were sent
 */
export async function storeSnapshot(
  options: StoreOptions,
  unsaved: Unsaved,
  signal: AbortSignal,
): Promise<{ outcome: StoreOutcome; bytes: number }> {
  const { ctx, site, settings } = options;
  const { sessionId, snapshot: last } = unsaved;
  using watch = watchChanges(sessionId);
  using turns = watchTurns(ctx, sessionId);
  await using sessions = await openSessions(site.dataDir);
  await using root = await sessions.openDirectory(sessionId);
  await using work = (await root?.openDirectory('work')) ?? null;
  if (!root || !work) return { outcome: 'abandoned', bytes: 0 };
  const copy = unsaved.copy ?? (await settleCopy(ctx.pool, site, sessionId, null));
  if ((await readMarker(root))?.copy !== copy) return { outcome: 'abandoned', bytes: 0 };
  const subject: Subject = { ...unsaved, copy, nodeId: site.nodeId };
  const listing = await listEntries(work, settings.MAX_ARCHIVE_ENTRIES);
  const name = await nameListing(root, last?.id ?? null, listing);
  const known = last?.archive ?? null;
  const record = (archive: DirectoryArchive | null, stillUnsaved: boolean) =>
    lockDirectory(sessionId, () =>
      recordStored(ctx.pool, subject, name, archive, stillUnsaved || watch.changed || turns.began),
    );
  if (known ? known.digest === listing.digest : name.empty) {
    const seen = known && { ...known, seq: unsaved.seq, clean: unsaved.atRest };
    return { outcome: (await record(seen, false)) ? 'unchanged' : 'abandoned', bytes: 0 };
  }
  const why = whyNot(listing, settings);
  if (why) {
    await recordUnstorable(ctx.pool, subject, name, why);
    return { outcome: 'unstorable', bytes: 0 };
  }
  const packed = await pack(options, unsaved, work, sessions, AbortSignal.any([signal, turns.signal]));
  if (!packed) return { outcome: 'abandoned', bytes: 0 };
  await using file = packed.file;
  if (turns.began) return { outcome: 'abandoned', bytes: 0 };
  const same = (await listEntries(work, settings.MAX_ARCHIVE_ENTRIES)).digest === listing.digest;
  const archive = describe(options, subject, name, packed, unsaved.atRest && same);
  const { store } = options;
  await announceArchive(ctx.pool, subject, store.location, archive.key);
  await store.put(archive.key, file, packed.size, signal);
  const recorded = await record(archive, !same);
  // What is not recorded is nobody's; what came before it is too old now.
  if (!recorded) await store.remove(archive.key).catch(() => {});
  await removeDoomedOf(ctx.pool, store, sessionId);
  return { outcome: recorded ? 'stored' : 'abandoned', bytes: packed.size };
}

async function pack(
  { site, settings }: StoreOptions,
  { number }: Unsaved,
  work: Directory,
  sessions: Directory,
  signal: AbortSignal,
) {
  const bounds = { maxBytes: settings.SNAPSHOT_MAX_MB * MIB, maxEntries: settings.MAX_ARCHIVE_ENTRIES };
  await using staging = await openStaging(sessions);
  try {
    return await packArchive(work, { owner: ownerOf(site, number) }, staging, bounds, signal);
  } catch (error) {
    if (signal.aborted || (error instanceof ApiError && CHANGES.has(error.code))) return null;
    throw error;
  }
}

function describe(
  { site, store }: StoreOptions,
  { sessionId, workspaceId, seq, generation }: Subject,
  name: TakenSnapshot,
  packed: { sha256: string; size: number; unpackedBytes: number; skipped: number },
  clean: boolean,
): DirectoryArchive {
  return {
    snapshot_id: name.id,
    location: store.location,
    // The same snapshot may be packed twice, and the two differ in their bytes.
    key: `${workspaceId}/${sessionId}/${name.id}-${randomChars(8)}.tar.zst`,
    sha256: packed.sha256,
    archive_bytes: packed.size,
    unpacked_bytes: packed.unpackedBytes,
    digest: name.digest,
    taken_at: name.taken_at,
    seq,
    generation,
    files: name.files,
    bytes: name.bytes,
    skipped: packed.skipped,
    clean,
    node: site.nodeId,
    path: sessionDirectory(site.dataDir, sessionId).work,
  };
}

function whyNot({ bytes, tooMany }: Listing, settings: StoreOptions['settings']) {
  const limitBytes = settings.SNAPSHOT_MAX_MB * MIB;
  if (bytes > limitBytes) {
    const sentence = `it holds ${bytes} bytes, more than SNAPSHOT_MAX_MB (${settings.SNAPSHOT_MAX_MB} MiB), and is not stored`;
    return { reason: 'too_large', limit: limitBytes, sentence };
  }
  if (!tooMany) return null;
  const sentence = `it holds more files than MAX_ARCHIVE_ENTRIES (${settings.MAX_ARCHIVE_ENTRIES}), and is not stored`;
  return { reason: 'too_many_files', limit: settings.MAX_ARCHIVE_ENTRIES, sentence };
}

/** Whether a turn of the session begins or goes on in this process from now on. */
function watchTurns(ctx: SessionContext, sessionId: string): Disposable & { began: boolean; signal: AbortSignal } {
  const abort = new AbortController();
  const end = ctx.streams.subscribe(sessionId, (news) => {
    if (news.kind === 'events' && news.events.some(({ type }) => type === 'session.status_running')) abort.abort();
  });
  return {
    get began() {
      return abort.signal.aborted;
    },
    signal: abort.signal,
    [Symbol.dispose]: end,
  };
}
