import { ApiRequestError } from '../api-request-error.ts';
import { hasEnded } from '../messages/turns.ts';
import type { Schema } from '../operations/operation-types.ts';
import { withPatience } from '../transport/patience.ts';
import type { Call, Transport } from '../transport/transport.ts';
import { waitUntil } from '../waiting/wait-until.ts';

type Query = Schema<'Query'>;

/** Shorter than the patience of a usual proxy; what lasts longer is asked for again and again. */
const WAIT_SECONDS = 50;
const GRACE_SECONDS = 30;

/** Asks, and waits for the answer however long it takes. A cut connection does not ask twice. */
export async function askQuery(transport: Transport, call: Call): Promise<Schema<'QueryAnswer'>> {
  const asked: Call = {
    ...call,
    headers: { ...call.headers, prefer: `wait=${WAIT_SECONDS}` },
    timeoutMs: (WAIT_SECONDS + GRACE_SECONDS) * 1000,
  };
  const { status, body } = await withPatience(transport.patience('lasting'), call.signal, () =>
    transport.jsonOnce<Schema<'QueryAnswer'> | Schema<'QueryAccepted'>>(asked),
  );
  if (status !== 202) return body as Schema<'QueryAnswer'>;
  const ended = await endOfQuery(transport, (body as Schema<'QueryAccepted'>).query_id, call.signal);
  if (ended.turn.state === 'failed') throw failureOf(ended);
  return answerOf(ended);
}

/** The query when its turn has ended. */
export async function endOfQuery(transport: Transport, queryId: string, signal?: AbortSignal): Promise<Query> {
  const path = `/api/v1/query/${encodeURIComponent(queryId)}`;
  const read = () => transport.json<Query>({ method: 'GET', path, signal }, 'lasting');
  return (await waitUntil(read, ({ turn }) => hasEnded(turn), { signal })).value;
}

/** The answer of a query that has ended, as the platform gives it to whoever waits. */
export function answerOf({ id, agent_type, turn }: Query): Schema<'QueryAnswer'> {
  const ended = turn.ended_at ?? turn.accepted_at;
  return {
    query_id: id,
    agent_type,
    response: turn.response ?? '',
    timestamp: ended,
    metadata: {
      turn_id: turn.id,
      stop_reason: turn.stop_reason,
      messages_count: 1,
      usage: turn.usage,
      cost_usd: turn.cost_usd,
      duration_ms: Date.parse(ended) - Date.parse(turn.accepted_at),
      model: turn.model,
    },
  };
}

function failureOf({ turn }: Query): ApiRequestError {
  const detail = `Turn ${turn.id} failed: ${turn.error?.message ?? turn.stop_reason}`;
  return new ApiRequestError({ status: 502, code: 'turn_failed', detail, requestId: null });
}
