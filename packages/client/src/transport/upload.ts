import type { RawBody, Repeat } from './transport.ts';

/** The answer to an upload begins when all of it has arrived. */
export const UPLOAD_TIMEOUT_MS = 600_000;

/** A stream can be read only once. */
export function uploadRepeat(body: RawBody): Repeat {
  return body instanceof ReadableStream ? 'once' : 'quick';
}
