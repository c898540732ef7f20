import type { FileHandle } from 'node:fs/promises';
import { ApiError } from '@aaas/contract/errors';
import { newPackState, packDirectory } from '../../directories/archives/pack-directory.ts';
import { packSpooled, packText } from '../../directories/archives/pack-spooled.ts';
import { stageArchive } from '../../directories/archives/stage-archive.ts';
import { openWork, type SessionPlace } from '../../directories/directory-site.ts';
import { locateDirectory, type TakingSite } from '../../directories/locate-directory.ts';
import { sessionDirectory } from '../../directories/session-directory.ts';
import type { SessionContext } from '../../sessions/session-context.ts';
import { type Boundary, busy, findBoundary } from './find-boundary.ts';
import { exportedLines } from './lines.ts';
import { loadArchive } from './load-archive.ts';

export interface ExportOptions {
  workspaceId: string;
  agentId: string;
  sessionId: string;
  /** Values of environment variables too. */
  includeEnv: boolean;
  platformVersion: string;
  bounds: { MAX_ARCHIVE_BYTES: number; MAX_ARCHIVE_ENTRIES: number };
  /** Aborted when no longer to be waited for the end of a turn. */
  patience: AbortSignal;
}

/** Where the working directory lies in an export. */
export const WORKSPACE_PREFIX = 'workspace/';

/**
 * Everything of an agent and its main session as a .tar.gz, as it was between two turns. The caller closes the file.
 * @throws not_found, agent_busy, payload_too_large, directory_elsewhere
 */
export async function exportAgent(
  ctx: SessionContext,
  site: TakingSite,
  options: ExportOptions,
): Promise<{ file: FileHandle; size: number }> {
  const { sessionId, patience } = options;
  for (;;) {
    const boundary = await findBoundary(ctx.pool, sessionId, patience);
    const place = await locateDirectory(ctx.pool, site, options);
    const archive = await stageArchive(
      place,
      'tar.gz',
      entriesOf(ctx, place, options, boundary),
      options.bounds.MAX_ARCHIVE_BYTES,
    );
    try {
      const now = await findBoundary(ctx.pool, sessionId, patience);
      const moved = now.turnsBegun !== boundary.turnsBegun;
      if (!moved && now.firstSeq === boundary.firstSeq) return archive;
      if (moved && patience.aborted) throw busy();
    } catch (error) {
      await archive.file.close();
      throw error;
    }
    // A turn has begun meanwhile and may have changed the directory: once more, from its end. Or the log was cut under
    // the reader, and what it read may have a hole.
    await archive.file.close();
  }
}

async function* entriesOf(
  ctx: SessionContext,
  place: SessionPlace,
  options: ExportOptions,
  boundary: Boundary,
): AsyncGenerator<Buffer> {
  const agent = await loadArchive(ctx.pool, ctx.keyring, options, {
    platformVersion: options.platformVersion,
    logSeq: boundary.logSeq,
    directory: sessionDirectory(place.site.dataDir, place.sessionId).root,
    includeEnv: options.includeEnv,
    now: ctx.now(),
  });
  if (!agent) throw new ApiError('not_found', 'The agent was deleted meanwhile.');
  const state = newPackState(options.bounds);
  yield* packText('agent.json', `${JSON.stringify(agent, null, 2)}\n`);
  for (const [name, lines] of exportedLines(ctx.pool, place.sessionId, boundary)) {
    yield* packSpooled(place.site, name, lines, state);
  }
  await using work = await openWork(place);
  if (work) yield* packDirectory(work, place, WORKSPACE_PREFIX, state);
  yield* packText('skipped.json', `${JSON.stringify(state.skipped, null, 2)}\n`);
}
