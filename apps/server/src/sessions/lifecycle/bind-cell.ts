import { newId } from '@aaas/contract/ids';
import type { Pool } from 'pg';
import { Fenced, type OwnedSession } from '../session-context.ts';

/** What a session takes over from the cell that it is given. */
export interface CellIdentity {
  cellId: string;
  /** Names the user of its processes, from now on. */
  number: number;
  /** The transcript's own id, which its process was started with. */
  harnessSessionId: string;
}

/** A name and a number for a new cell. The number comes from where sessions have theirs, so no two users are one. */
export async function reserveCell(pool: Pool): Promise<{ id: string; number: number }> {
  const result = await pool.query<{ number: string | number }>(
    `select nextval(pg_get_serial_sequence('sessions', 'number')) as number`,
  );
  return { id: newId('cell'), number: Number(result.rows[0]?.number) };
}

const BIND = {
  name: 'session.bind-cell',
  text: `
    with head as (
      select session_id, generation from session_heads where session_id = $1 and generation = $2 for update
    ), renamed as (
      update sessions s set number = $4, harness_session_id = $5 from head where s.id = head.session_id
    )
    insert into session_cells (session_id, cell_id, generation)
    select session_id, $3, generation from head
    on conflict (session_id) do update
       set cell_id = excluded.cell_id, generation = excluded.generation, claimed_at = now()
    returning session_id`,
};

/**
 * Gives a cell to a session: from here on its token speaks for the session, in this generation.
 * @throws Fenced when the generation has ended.
 */
export async function bindCell(pool: Pool, owned: OwnedSession, cell: CellIdentity): Promise<void> {
  const { cellId, number, harnessSessionId } = cell;
  const result = await pool.query({
    ...BIND,
    values: [owned.sessionId, owned.generation, cellId, number, harnessSessionId],
  });
  if (result.rowCount === 0) throw new Fenced(owned);
}
