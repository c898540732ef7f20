import type { FastifyReply, FastifyRequest } from 'fastify';

const ID = /^[A-Za-z0-9_.:-]{1,128}$/;
const ANSWER_MAX_CHARS = 64 * 1024;
const FIELDS_MAX = 50;
const FIELD_MAX_CHARS = 64;

/** What a request was done to: what it made, else what its path names last. */
export function resourceOf(request: FastifyRequest, reply: FastifyReply, payload: unknown): string | null {
  return madeBy(reply, payload) ?? namedIn(request.params) ?? (reply.statusCode < 400 ? idIn(payload) : null);
}

/** Names of the fields of a body; of `config` those inside it too. Never values. */
export function fieldsOf(body: unknown): string[] {
  if (!isObject(body)) return [];
  const names = Object.entries(body).flatMap(([name, value]) =>
    name === 'config' && isObject(value) ? Object.keys(value).map((inner) => `config.${inner}`) : [name],
  );
  return names
    .slice(0, FIELDS_MAX)
    .map((name) => name.slice(0, FIELD_MAX_CHARS).replaceAll('\u0000', '').toWellFormed());
}

function madeBy(reply: FastifyReply, payload: unknown): string | null {
  if (reply.statusCode !== 201) return null;
  const location = reply.getHeader('location');
  return idOr(typeof location === 'string' ? location.split('/').at(-1) : undefined) ?? idIn(payload);
}

function namedIn(params: unknown): string | null {
  if (!isObject(params)) return null;
  return idOr(
    Object.entries(params)
      .filter(([name]) => name === 'id' || name.endsWith('_id'))
      .at(-1)?.[1],
  );
}

function idIn(payload: unknown): string | null {
  if (typeof payload !== 'string' || payload.length > ANSWER_MAX_CHARS || !payload.startsWith('{')) return null;
  const answer = parse(payload);
  if (!isObject(answer)) return null;
  return idOr(answer.id ?? Object.entries(answer).find(([name]) => name.endsWith('_id'))?.[1]);
}

function idOr(value: unknown): string | null {
  return typeof value === 'string' && ID.test(value) ? value : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  // Of JSON, or made by a schema; neither a stream nor bytes.
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
