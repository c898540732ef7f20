import type { SessionContext } from '../session-context.ts';
import type { Ask } from './approval.ts';

const LOAD = {
  name: 'approvals.of-turn',
  text: `select id as "eventId", ref, tool as name, input, input_hash as "inputHash", state, message,
                used_at is not null as used, noted_at is not null as noted
           from approvals where turn_id = $1 order by id`,
};

/** The asks of a turn, oldest first. `noted`: the owner has taken its end into account. */
export async function loadAsks(ctx: SessionContext, turnId: string): Promise<(Ask & { noted: boolean })[]> {
  const result = await ctx.pool.query<Omit<Ask, 'input'> & { input: string; noted: boolean }>({
    ...LOAD,
    values: [turnId],
  });
  return result.rows.map((row) => ({ ...row, input: JSON.parse(row.input) }));
}
