import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import type { GatewayError } from './anthropic-error.ts';
import { MAX_CACHED_PRINCIPALS } from './limits.ts';
import type { TokenClaim } from './tokens.ts';

/** What the ids of cells begin with: processes of the warm pool, whose tokens are older than their sessions. */
export const CELL_PREFIX = 'cell_';

export const UNCLAIMED: GatewayError = {
  status: 403,
  message: 'This process has no session yet: nobody may ask the model for it.',
};

const FIND = 'select session_id, generation from session_cells where cell_id = $1';

/**
 * For whom a token speaks: the session that it names, or the one that its cell was given to, in the generation in
 * which that happened. Null: its cell has been given to nobody. Rejects when the database does not answer.
 */
export function createCells(pool: pg.Pool): (claim: TokenClaim) => TokenClaim | null | Promise<TokenClaim | null> {
  // A cell is given away once: what is known of it stays true. That it is free does not, and is not kept.
  const known = new LRUCache<string, TokenClaim>({ max: MAX_CACHED_PRINCIPALS });
  return (claim) => {
    if (!claim.sessionId.startsWith(CELL_PREFIX)) return claim;
    return known.get(claim.sessionId) ?? find(claim.sessionId);
  };

  async function find(cellId: string): Promise<TokenClaim | null> {
    const result = await pool.query<{ session_id: string; generation: string | number }>({
      name: 'gateway-find-cell',
      text: FIND,
      values: [cellId],
    });
    const row = result.rows[0];
    if (!row) return null;
    const claim = { sessionId: row.session_id, generation: Number(row.generation) };
    known.set(cellId, claim);
    return claim;
  }
}
