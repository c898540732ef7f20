import type { CallOptions } from '../client-options.ts';
import type { components, paths } from '../generated/api.ts';

/** A named schema of the OpenAPI document: `Schema<'Agent'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

export type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What the OpenAPI document says of one operation. */
export type Operation<V extends Verb, P extends keyof paths> = NonNullable<paths[P][V]>;

/** One string for each `{parameter}` of a path, in their order. */
export type PathArgs<P extends string> = P extends `${string}{${string}}${infer Rest}`
  ? [id: string, ...PathArgs<Rest>]
  : [];

/** What callers may give where the document wants `T`: an optional field may also be there as undefined. */
export type Given<T> = T extends readonly (infer Item)[]
  ? Given<Item>[]
  : T extends object
    ? { [K in keyof T]: undefined extends T[K] ? Given<T[K]> | undefined : Given<T[K]> }
    : T;

type ContentOf<Answer> = Answer extends { content: { 'application/json': infer Body } } ? Body : undefined;
type Success = 200 | 201 | 202 | 204;

/** Every answer of an operation that is no error; undefined: one without a body. */
export type AnswerOf<O> = O extends { responses: infer Answers }
  ? { [Status in keyof Answers & Success]: ContentOf<Answers[Status]> }[keyof Answers & Success]
  : never;

export type BodyOf<O> = O extends { requestBody?: infer Body }
  ? [NonNullable<Body>] extends [never]
    ? never
    : NonNullable<Body> extends { content: { 'application/json': infer Json } }
      ? Given<Json>
      : never
  : never;

/** The parameters behind the `?`, under the names of the API. */
export type QueryOf<O> = O extends { parameters: { query?: infer Query } }
  ? [NonNullable<Query>] extends [never]
    ? object
    : Given<NonNullable<Query>>
  : object;

/** Parameters and call options are one object: no parameter is named as an option is. */
export type OptionsOf<O> = QueryOf<O> & CallOptions;

/** Paths that know this verb, whose operation takes a JSON body (or takes none). */
export type PathOf<V extends Verb, HasBody extends boolean> = {
  [P in keyof paths]: [paths[P][V] & {}] extends [never]
    ? never
    : [BodyOf<Operation<V, P>>] extends [never]
      ? HasBody extends true
        ? never
        : P
      : HasBody extends true
        ? P
        : never;
}[keyof paths];

/** Paths whose answer is one page of a list. */
export type ListPath = {
  [P in PathOf<'get', false>]: AnswerOf<Operation<'get', P>> extends { data: unknown[]; next_cursor: string | null }
    ? P
    : never;
}[PathOf<'get', false>];

export type EntryOf<P extends ListPath> =
  AnswerOf<Operation<'get', P>> extends { data: (infer Entry)[] } ? Entry : never;
