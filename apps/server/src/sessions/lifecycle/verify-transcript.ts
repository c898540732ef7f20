import { setTimeout as sleep } from 'node:timers/promises';
import type { HarnessSession } from '../../harness/harness.ts';
import { isPermanent } from '../../postgres/permanent-error.ts';
import { appendEvents, type TranscriptEntry } from '../log/append.ts';
import type { OwnedSession, SessionContext } from '../session-context.ts';

/** What a process wrote of its conversation, against what is stored of it. */
export interface TranscriptCheck {
  /** Everything it wrote is stored. */
  verified: boolean;
  /** Entries that it wrote; null: it keeps no transcript of its own, or none yet. */
  written: number | null;
  /** Entries that had to be stored now. */
  repaired: number;
  /** Why it is not verified. */
  problem: string | null;
}

// What was written a moment ago is on its way.
const ARRIVES_WITHIN_MS = 1_000;
const LOOK_MS = 100;
/** More than this is not a gap: something is wrong with the store. */
const REPAIRED_MAX = 10_000;

const STORED = {
  name: 'transcript.stored-uuids',
  text: `select uuid from transcripts where session_id = $1 and subpath = '' and uuid is not null`,
};

/**
 * Compares, while no turn runs, the entries that a process wrote with those that are stored, each by its uuid; stores
 * what is missing (Claude Code finds its way by each entry's parent, whatever the order) and compares again.
 * @throws Fenced when the generation has ended; what is wrong with the database
 */
export async function verifyTranscript(
  ctx: SessionContext,
  owned: OwnedSession,
  session: HarnessSession,
): Promise<TranscriptCheck> {
  if (!session.written) return { verified: true, written: null, repaired: 0, problem: null };
  const { written: read } = session;
  const look = () => compare(ctx, owned, read.call(session));
  try {
    const deadline = performance.now() + ARRIVES_WITHIN_MS;
    let found = await look();
    while (found.missing.length > 0 && performance.now() < deadline) {
      await sleep(LOOK_MS);
      found = await look();
    }
    const { written, missing } = found;
    if (missing.length === 0) return { verified: true, written, repaired: 0, problem: null };
    if (missing.length > REPAIRED_MAX) throw new Unverified(`more than ${REPAIRED_MAX} entries are not stored`);
    await appendEvents(ctx, owned, { turnId: null, transcript: missing });
    const left = (await look()).missing.length;
    const problem = left === 0 ? null : `${left} of ${written} entries could not be stored`;
    return { verified: left === 0, written, repaired: missing.length - left, problem };
  } catch (error) {
    // A database that is away will be asked again; what it refuses for good is a matter of this transcript.
    if (!(error instanceof Unverified || isPermanent(error))) throw error;
    return { verified: false, written: null, repaired: 0, problem: (error as Error).message };
  }
}

class Unverified extends Error {}

async function compare(
  ctx: SessionContext,
  owned: OwnedSession,
  entries: AsyncIterable<TranscriptEntry & { uuid: string }>,
): Promise<{ written: number | null; missing: TranscriptEntry[] }> {
  const rows = await ctx.pool.query<{ uuid: string }>({ ...STORED, values: [owned.sessionId] });
  const stored = new Set(rows.rows.map(({ uuid }) => uuid));
  const missing = new Map<string, TranscriptEntry>();
  let written = 0;
  try {
    for await (const entry of entries) {
      written++;
      if (!stored.has(entry.uuid) && missing.size <= REPAIRED_MAX) missing.set(entry.uuid, entry);
    }
  } catch (error) {
    throw new Unverified(`what its process wrote could not be read: ${(error as Error).message}`);
  }
  return { written: written === 0 ? null : written, missing: [...missing.values()] };
}
