import type { CallOptions } from '../client-options.ts';
import { newIdempotencyKey } from '../messages/idempotency-key.ts';
import { type Page, Paged } from '../paging/paged.ts';
import type { Call, QueryValue, Transport } from '../transport/transport.ts';
import type {
  AnswerOf,
  BodyOf,
  EntryOf,
  ListPath,
  Operation,
  OptionsOf,
  PathArgs,
  PathOf,
  Verb,
} from './operation-types.ts';

export type Operations = ReturnType<typeof operations>;

/**
 * Makes methods of operations. Their arguments are the parameters of the path, then the body, then one object of
 * query parameters and options; what they take and answer follows from the OpenAPI document. All of them are repeated
 * when the connection is lost or the platform asks for it: a POST carries an Idempotency-Key, so that it is done once.
 */
export function operations(transport: Transport) {
  const send = <Answer>(call: Call) => transport.json<Answer>(keyed(call), 'quick');
  return {
    /** An operation without a body. */
    call:
      <V extends Verb, P extends PathOf<V, false>>(verb: V, path: P) =>
      (...args: [...PathArgs<P>, options?: OptionsOf<Operation<V, P>>]): Promise<AnswerOf<Operation<V, P>>> => {
        const { ids, rest } = split(path, args);
        return send(toCall(verb, fill(path, ids), rest[0] as CallOptions));
      },

    /** An operation with a JSON body. */
    callWith:
      <V extends Verb, P extends PathOf<V, true>>(verb: V, path: P) =>
      (
        ...args: [...PathArgs<P>, body: BodyOf<Operation<V, P>>, options?: OptionsOf<Operation<V, P>>]
      ): Promise<AnswerOf<Operation<V, P>>> => {
        const { ids, rest } = split(path, args);
        return send({ ...toCall(verb, fill(path, ids), rest[1] as CallOptions), body: rest[0] });
      },

    /** A list, page by page. */
    list:
      <P extends ListPath>(path: P) =>
      (...args: [...PathArgs<P>, options?: OptionsOf<Operation<'get', P>>]): Paged<EntryOf<P>> => {
        const { ids, rest } = split(path, args);
        const call = toCall('get', fill(path, ids), rest[0] as CallOptions);
        return new Paged((cursor) => {
          const query = cursor === undefined ? call.query : { ...call.query, cursor };
          return send<Page<EntryOf<P>>>({ ...call, query });
        });
      },
  };
}

/** The request for it: query parameters stand beside the options. */
export function toCall(verb: Verb, path: string, options: CallOptions = {}): Call {
  const { signal, headers, timeoutMs, ...query } = options;
  return {
    method: verb.toUpperCase() as Uppercase<Verb>,
    path,
    signal,
    timeoutMs,
    ...(headers && { headers }),
    query: query as Record<string, QueryValue>,
  };
}

/** A path with its parameters in place. */
export function fill(path: string, ids: readonly string[]): string {
  let next = 0;
  return path.replace(/\{[^}]+\}/g, () => encodeURIComponent(ids[next++] as string));
}

/** The same call under a key that every try of it carries. */
export function keyed(call: Call): Call {
  if (call.method !== 'POST') return call;
  return { ...call, headers: { 'idempotency-key': newIdempotencyKey(), ...call.headers } };
}

function split(path: string, args: readonly unknown[]): { ids: string[]; rest: readonly unknown[] } {
  const count = path.split('{').length - 1;
  return { ids: args.slice(0, count) as string[], rest: args.slice(count) };
}
