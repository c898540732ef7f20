import type { EventDraft } from '../log/draft-event.ts';
import { answeredCall, calledName, TOOL_RESULT_TYPES, TOOL_USE_TYPES, toolResultEvent } from '../log/tool-events.ts';
import type { OwnedSession, SessionContext } from '../session-context.ts';
import type { OpenTurn } from './begin-turn.ts';

/** A tool call of a turn, as the log has it. */
export interface TurnCall {
  eventId: string;
  ref: string | null;
  name: string;
  input: unknown;
  /** It was to run only with a person's word. */
  asks: boolean;
  /** Null: there is none. `outcome`: what the tool said; null: nobody knows. The platform's own answer is no sign of a run. */
  result: { outcome: string | null; mayHaveRun: boolean } | null;
}

/** The `ref` of a result that says that nobody knows. */
const UNKNOWN_REF = 'unknown';

const CALLS = `
  select id, type, ref, payload from events
   where session_id = $1 and seq >= $2 and turn_id = $3 and type = any($4)
   order by seq`;

/** The tool calls of a turn, oldest first. */
export async function findCalls(ctx: SessionContext, owned: OwnedSession, turn: OpenTurn): Promise<TurnCall[]> {
  const result = await ctx.pool.query<{ id: string; type: string; ref: string | null; payload: string }>(CALLS, [
    owned.sessionId,
    turn.firstSeq,
    turn.id,
    [...TOOL_USE_TYPES, ...TOOL_RESULT_TYPES],
  ]);
  const events = result.rows.map((row) => ({ ...row, payload: JSON.parse(row.payload) }));
  const results = new Map(events.map((event) => [answeredCall(event.type, event.payload), event]));
  return events
    .filter((event) => TOOL_USE_TYPES.includes(event.type))
    .map(({ id, ref, payload }) => {
      const result = results.get(id);
      return {
        eventId: id,
        ref,
        name: calledName(payload),
        input: payload.input,
        asks: payload.evaluated_permission === 'ask',
        result: result ? resultOf(result, ref) : null,
      };
    });
}

/** The tool calls of a turn that nobody will answer any more. */
export async function findUnknownTools(ctx: SessionContext, owned: OwnedSession, turn: OpenTurn): Promise<TurnCall[]> {
  return (await findCalls(ctx, owned, turn)).filter((call) => call.result === null);
}

function resultOf(event: { ref: string | null; payload: { content?: unknown } }, ref: string | null) {
  if (event.ref === UNKNOWN_REF) return { outcome: null, mayHaveRun: true };
  const { content } = event.payload;
  const texts = Array.isArray(content) ? content.flatMap((block) => block?.text ?? []) : [];
  return { outcome: texts.join('\n'), mayHaveRun: ref !== null && event.ref === ref };
}

/** Results for calls whose real one is lost: each call has exactly one, and this one says that it knows nothing. */
export function unknownResults(tools: TurnCall[]): EventDraft[] {
  return tools.map((tool) =>
    toolResultEvent(
      tool,
      {
        content: [
          {
            type: 'text',
            text: 'The process was lost while this tool ran: its outcome is unknown. It was not run again.',
          },
        ],
        is_error: true,
      },
      UNKNOWN_REF,
    ),
  );
}
