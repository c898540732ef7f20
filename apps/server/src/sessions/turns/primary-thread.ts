import type { SessionRow } from '../lifecycle/load-session.ts';

/** The thread that every session has; its id follows from the session's. */
export function primaryThreadOf(row: Pick<SessionRow, 'id' | 'definition'>) {
  return { session_thread_id: row.id.replace(/^sesn_/, 'sthr_'), agent_name: row.definition.name };
}
