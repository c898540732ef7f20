import type { EventDraft } from '../log/draft-event.ts';
import { answeredCall, calledName, TOOL_RESULT_TYPES, TOOL_USE_TYPES, toolResultEvent } from '../log/tool-events.ts';
import type { OwnedSession, SessionContext } from '../session-context.ts';
import type { OpenTurn } from './begin-turn.ts';

/** A tool call that began and has no result. */
export interface UnknownTool {
  eventId: string;
  ref: string | null;
  name: string;
  input: unknown;
  /** It was to run only with a person's word. */
  asks: boolean;
}

const CALLS = `
  select id, type, ref, payload from events
   where session_id = $1 and seq >= $2 and turn_id = $3 and type = any($4)
   order by seq`;

/** The tool calls of a turn that nobody will answer any more. */
export async function findUnknownTools(
  ctx: SessionContext,
  owned: OwnedSession,
  turn: OpenTurn,
): Promise<UnknownTool[]> {
  const result = await ctx.pool.query<{ id: string; type: string; ref: string | null; payload: string }>(CALLS, [
    owned.sessionId,
    turn.firstSeq,
    turn.id,
    [...TOOL_USE_TYPES, ...TOOL_RESULT_TYPES],
  ]);
  const events = result.rows.map((row) => ({ ...row, payload: JSON.parse(row.payload) }));
  const answered = new Set(events.map((event) => answeredCall(event.type, event.payload)));
  return events
    .filter((event) => TOOL_USE_TYPES.includes(event.type) && !answered.has(event.id))
    .map(({ id, ref, payload }) => ({
      eventId: id,
      ref,
      name: calledName(payload),
      input: payload.input,
      asks: payload.evaluated_permission === 'ask',
    }));
}

/** Results for calls whose real one is lost: each call has exactly one, and this one says that it knows nothing. */
export function unknownResults(tools: UnknownTool[]): EventDraft[] {
  return tools.map((tool) =>
    toolResultEvent(tool, {
      content: [
        {
          type: 'text',
          text: 'The process was lost while this tool ran: its outcome is unknown. It was not run again.',
        },
      ],
      is_error: true,
    }),
  );
}
