import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@aaas/contract/errors';
import type { Pool } from 'pg';
import { type DirectoryFacts, findFacts } from './copies/facts.ts';
import { decideFor, findLocalCopy } from './copies/local-copy.ts';
import { type DirectorySite, elsewhere, ownerOf, type SessionPlace } from './directory-site.ts';

/** A site that can take over what its fleet has lost. */
export interface TakingSite extends DirectorySite {
  /** How long a node may be silent before it counts as gone, in milliseconds. Read at each use. */
  goneAfterMs: number;
  /**
   * Makes the directory of a session that nobody owns this node's, from what is stored of it.
   * @returns false when somebody was faster
   */
  takeOver(facts: DirectoryFacts): Promise<boolean>;
}

// What its node has not stored is given up only after that: it may come back with it.
const GIVEN_UP_AFTER_MS = 60_000;
// A session that starts gets its directory in several steps: row and disk agree in a moment.
const AGREES_WITHIN_MS = 2_000;
const LOOK_MS = 50;

/**
 * Finds the directory of a session. The caller has checked that the session is its tenant's. One whose node is gone is
 * taken over when it was stored and nobody works on it.
 * @throws directory_elsewhere when another node has it; not_found when the session is gone; unavailable when what was
 *   stored of it cannot be read
 */
export async function locateDirectory(
  pool: Pool,
  site: TakingSite,
  session: { workspaceId: string; sessionId: string },
): Promise<SessionPlace> {
  const deadline = Date.now() + AGREES_WITHIN_MS;
  for (let tries = 2; ; tries--) {
    const facts = await findFacts(pool, session.sessionId, site.goneAfterMs);
    if (facts?.workspaceId !== session.workspaceId) throw new ApiError('not_found', 'The agent was deleted meanwhile.');
    const holder = facts.node ?? facts.owner;
    const isHere = site.mode === 'shared' || holder === null || holder === site.nodeId;
    if (!isHere && !mayTakeOver(facts)) throw elsewhere(whereIs(facts, holder, site.nodeId));
    if (isHere) {
      const { do: verdict } = decideFor(site, facts, await findLocalCopy(site.dataDir, session.sessionId));
      if (verdict === 'use' || (verdict === 'fresh' && (facts.copy === null || facts.owner !== null)))
        return { site, ...session, owner: ownerOf(site, facts.number) };
      if (facts.owner === site.nodeId && Date.now() < deadline) {
        await sleep(LOOK_MS);
        tries++;
        continue;
      }
      if (facts.owner !== null || verdict === 'lose' || verdict === 'refuse')
        throw new ApiError('unavailable', 'The working directory is not there: it is being restored, or was lost.', {
          retryAfterSeconds: 5,
        });
    }
    if (tries === 0 || !(await takeOver(site, facts))) throw elsewhere('The working directory moves to another node.');
  }
}

async function takeOver(site: TakingSite, facts: DirectoryFacts): Promise<boolean> {
  return await site.takeOver(facts).catch((cause) => {
    const why = 'The working directory could not be restored from what was stored of it. Try again in a moment.';
    throw new ApiError('unavailable', why, { cause, retryAfterSeconds: 5 });
  });
}

function mayTakeOver({ holderLives, owner, snapshot, unsaved, holderSilentMs }: DirectoryFacts): boolean {
  if (holderLives || owner !== null || !snapshot?.archive) return false;
  return !unsaved || holderSilentMs > GIVEN_UP_AFTER_MS;
}

function whereIs({ holderLives, unsaved, snapshot }: DirectoryFacts, holder: string | null, here: string): string {
  if (holderLives) return `The working directory lies on the node ${holder}, and this is ${here}. Ask that node.`;
  const left = unsaved && snapshot?.archive ? 'its last changes were not stored' : 'it was not stored';
  return `The working directory lies on the node ${holder}, which is gone, and ${left}. It is there again with that node; a message to the agent goes on without it.`;
}
