import type { CallOptions } from '../client-options.ts';
import type { TurnAcceptedEvent, TurnEvent } from '../messages/message.ts';
import type { BodyOf, Given, Operation, Schema } from '../operations/operation-types.ts';
import { keyed, type Operations, toCall } from '../operations/operations.ts';
import type { Call, Transport } from '../transport/transport.ts';
import { askQuery } from './ask-query.ts';
import { streamQuery } from './stream-query.ts';

export interface QueryOptions extends CallOptions {
  agent_type?: Schema<'Query'>['agent_type'] | undefined;
  /** Facts that go with the question, as JSON. */
  context?: Record<string, unknown> | undefined;
  /** What differs from the agent type. */
  config?: Given<BodyOf<Operation<'post', '/api/v1/query'>>>['config'];
}

export interface QueryEndedEvent extends Schema<'QueryAnswer'> {
  type: 'x.turn';
  turn: Schema<'Turn'>;
}

/** What the stream of a query yields: what a turn's does, with the query named at both ends. */
export type QueryEvent =
  | (TurnAcceptedEvent & { query_id: string })
  | Exclude<TurnEvent, { type: 'x.turn_accepted' | 'x.turn' }>
  | QueryEndedEvent;

/** One-shot questions, without an agent of one's own. */
export function query(transport: Transport, { call, list }: Operations) {
  return {
    /** Waits for the answer. @throws ApiRequestError `turn_failed` */
    ask: (message: string, options: QueryOptions = {}) => askQuery(transport, queryCall(message, options)),
    /** The answer as it is written. A cut loses live text, never the answer. */
    stream: (message: string, options: QueryOptions = {}): AsyncGenerator<QueryEvent> =>
      streamQuery(transport, queryCall(message, options)),
    get: call('get', '/api/v1/query/{query_id}'),
    /** Newest first. */
    list: list('/api/v1/query'),
  };
}

function queryCall(message: string, { context, config, ...options }: QueryOptions): Call {
  return keyed({ ...toCall('post', '/api/v1/query', options), body: { message, context, config } });
}
