import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, rename } from 'node:fs/promises';
import type { AgentArchive } from '@aaas/contract/agent-archive';
import { newId } from '@aaas/contract/ids';
import type { Pool, PoolClient } from 'pg';
import { ArchivePlaces } from '../../directories/archives/archive-places.ts';
import { invalidArchive } from '../../directories/archives/invalid-archive.ts';
import type { Directory } from '../../directories/confined/directory.ts';
import { discard } from '../../directories/confined/discard.ts';
import { fileError } from '../../directories/confined/file-error.ts';
import { openStaging, type Staging, stageDirectory } from '../../directories/confined/staging.ts';
import { ensureMarker } from '../../directories/copies/marker.ts';
import { type DirectorySite, ownerOf } from '../../directories/directory-site.ts';
import type { ArchiveBounds } from '../../directories/files/unpack-into.ts';
import { openSessions, sessionDirectory } from '../../directories/session-directory.ts';
import { transaction } from '../../postgres/transaction.ts';
import type { SessionContext } from '../../sessions/session-context.ts';
import { adoptDefinition } from './adopt-definition.ts';
import { adoptIds } from './adopt-ids.ts';
import { check } from './read-lines.ts';
import { type Received, receiveArchive } from './receive-archive.ts';
import { type NewAgent, openImported, storeAgent } from './store-agent.ts';
import { type LineTarget, storeEvents, storeTranscript, storeTurns } from './store-lines.ts';

export interface ImportOptions {
  workspaceId: string;
  environmentId: string;
  start: boolean;
  bounds: ArchiveBounds;
}

export interface Imported {
  agentId: string;
  sessionId: string;
  name: string;
  missingEnv: string[];
  counts: {
    versions: number;
    turns: number;
    events: number;
    transcript_entries: number;
    files: number;
    size_bytes: number;
  };
}

const places = new ArchivePlaces('imports # agents');

/**
 * Makes a new agent of an exported one, under ids of its own: its versions, its conversation, which goes on where it
 * was, and its working directory. All of it or nothing. @throws invalid_archive, payload_too_large, storage_full
 */
export async function importAgent(
  ctx: SessionContext,
  site: DirectorySite,
  chunks: AsyncIterable<Buffer>,
  options: ImportOptions,
): Promise<Imported> {
  using _place = places.take(options.workspaceId);
  const opened: FileHandle[] = [];
  try {
    await using sessions = await openSessions(site.dataDir);
    await using staging = await openStaging(sessions);
    const staged = await stageDirectory(staging, null, 0o700);
    try {
      return await importInto({ ctx, site, options, sessions, staging, staged }, chunks, (file) => opened.push(file));
    } finally {
      for (const file of opened) await file.close();
      await discard(staging.directory, staged, staging);
    }
  } catch (error) {
    throw fileError(error, 'the archive');
  }
}

interface Import {
  ctx: SessionContext;
  site: DirectorySite;
  options: ImportOptions;
  sessions: Directory;
  staging: Staging;
  staged: string;
}

async function importInto(
  { ctx, site, options, sessions, staging, staged }: Import,
  chunks: AsyncIterable<Buffer>,
  onOpened: (file: FileHandle) => void,
): Promise<Imported> {
  const number = await nextNumber(ctx.pool);
  const owner = ownerOf(site, number);
  await using into = (await staging.directory.openDirectory(staged)) as Directory;
  await mkdir(into.at('root'), { mode: 0o700 });
  await using root = (await into.openDirectory('root')) as Directory;
  await mkdir(root.at('work'), { mode: 0o700 });
  await using work = (await root.openDirectory('work')) as Directory;
  if (owner) await work.handle.chown(owner.uid, owner.gid);

  const received = await receiveArchive(into, work, owner, chunks, options.bounds, onOpened);
  const { copy } = await ensureMarker(root, site.nodeId);
  const agent = newAgent(received.archive, options, {
    ...{ number, nodeId: site.nodeId, copy },
    homeRegion: ctx.region,
    now: ctx.now(),
  });
  const target = targetOf(agent, sessionDirectory(site.dataDir, agent.sessionId).root);
  let moved = false;
  try {
    const counts = await transaction(ctx.pool, async (db) => {
      const stored = await storeAll(ctx, db, agent, received, target);
      // Before the commit: an agent without its files would be worse than files without an agent.
      if (!moved) await rename(into.at('root'), sessions.at(agent.sessionId));
      moved = true;
      return stored;
    });
    const { files, sizeBytes: size_bytes } = received.workspace;
    return {
      agentId: agent.agentId,
      sessionId: agent.sessionId,
      name: agent.definitions.at(-1)?.definition.name ?? '',
      missingEnv: received.archive.env_names,
      counts: { versions: agent.definitions.length, ...counts, files, size_bytes },
    };
  } catch (error) {
    if (moved) await discard(sessions, agent.sessionId, staging);
    throw storeError(error);
  }
}

async function storeAll(ctx: SessionContext, db: PoolClient, agent: NewAgent, received: Received, target: LineTarget) {
  await storeAgent(db, ctx.keyring, agent);
  const transcript_entries = await storeTranscript(db, received, target);
  const events = await storeEvents(db, received, target);
  const turns = await storeTurns(db, received, target);
  await openImported(db, agent, {
    lastSeq: events.lastSeq,
    lastStatus: events.lastStatus,
    lastPosition: turns.lastPosition,
    turns: turns.count,
  });
  return { turns: turns.count, events: events.count, transcript_entries };
}

function newAgent(
  archive: AgentArchive,
  { workspaceId, environmentId, start }: ImportOptions,
  node: Pick<NewAgent, 'number' | 'nodeId' | 'copy' | 'homeRegion' | 'now'>,
): NewAgent {
  const definitions = archive.versions.map((version) => ({
    version: version.version,
    createdAt: version.created_at,
    definition: check('agent.json', () => adoptDefinition(version)),
  }));
  const known = definitions.map(({ version }) => version);
  const isInOrder = known.every((version, index) => version === index + 1);
  const { current_version: current } = archive.agent;
  if (!isInOrder || current !== known.length || archive.session.agent_version > current) {
    throw invalidArchive('names versions in agent.json that it does not hold, or not in order');
  }
  return {
    ...{ workspaceId, environmentId, start, archive, definitions, ...node },
    agentId: newId('agent'),
    sessionId: newId('sesn'),
    harnessSessionId: randomUUID(),
  };
}

function targetOf(agent: NewAgent, directory: string): LineTarget {
  const { session, agent: old } = agent.archive;
  const { workspaceId, agentId, sessionId } = agent;
  // Only what no other text can be: the path of a session's directory.
  const isPath = session.directory.startsWith('/') && session.directory.endsWith(`/sessions/${session.id}`);
  return {
    workspaceId,
    sessionId,
    adopt: adoptIds([
      { from: session.id, to: sessionId },
      { from: old.id, to: agentId },
    ]),
    adoption: {
      sessionId: { from: session.harness_session_id, to: agent.harnessSessionId },
      directory: isPath ? { from: session.directory, to: directory } : null,
    },
  };
}

async function nextNumber(pool: Pool): Promise<number> {
  const result = await pool.query<{ number: number }>(
    `select nextval(pg_get_serial_sequence('sessions', 'number')) as number`,
  );
  return (result.rows[0] as { number: number }).number;
}

/** What the database refuses for its content, a number that occurs twice for example, is the archive's fault. */
function storeError(error: unknown): unknown {
  if (!/^2[23]\w{3}$/.test((error as { code?: string }).code ?? '')) return error;
  return invalidArchive('holds events or turns that contradict each other', error);
}
