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

/** Where the directory of a cell lies, and which copy it is. */
export interface CellDirectory {
  node: string;
  copy: string;
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
      update sessions s
         set number = $4, harness_session_id = $5,
             directory_node = case when s.directory_copy is null then $6 else s.directory_node end,
             directory_copy = coalesce(s.directory_copy, $7)
        from head where s.id = head.session_id
      returning s.directory_copy
    )
    insert into session_cells (session_id, cell_id, generation)
    select session_id, $3, generation from head
    on conflict (session_id) do update
       set cell_id = excluded.cell_id, generation = excluded.generation, claimed_at = now()
    returning (select directory_copy from renamed) as copy`,
};

// A directory that somebody else made meanwhile stays.
const UNBIND = {
  name: 'session.unbind-cell',
  text: `
    update sessions s
       set number = $3, harness_session_id = $4,
           directory_node = case when s.directory_copy = $5 then null else s.directory_node end,
           directory_copy = nullif(s.directory_copy, $5)
      from session_heads h where s.id = $1 and h.session_id = $1 and h.generation = $2`,
};

/**
 * Gives a cell to a session: from here on its token speaks for the session, in this generation, and its directory is
 * the one that counts.
 * @returns false when the session has got a directory meanwhile, which stays
 * @throws Fenced when the generation has ended.
 */
export async function bindCell(
  pool: Pool,
  owned: OwnedSession,
  cell: CellIdentity,
  directory: CellDirectory,
): Promise<boolean> {
  const { cellId, number, harnessSessionId } = cell;
  const result = await pool.query<{ copy: string }>({
    ...BIND,
    values: [owned.sessionId, owned.generation, cellId, number, harnessSessionId, directory.node, directory.copy],
  });
  if (result.rowCount === 0) throw new Fenced(owned);
  return result.rows[0]?.copy === directory.copy;
}

/** Takes back what `bindCell` has given, but for the right to speak: the cell is ended. `before`: as it was. */
export async function unbindCell(
  pool: Pool,
  owned: OwnedSession,
  before: Omit<CellIdentity, 'cellId'>,
  directory: CellDirectory,
): Promise<void> {
  const { number, harnessSessionId } = before;
  const values = [owned.sessionId, owned.generation, number, harnessSessionId, directory.copy];
  if ((await pool.query({ ...UNBIND, values })).rowCount === 0) throw new Fenced(owned);
}
