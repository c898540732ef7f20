import { isUtf8 } from 'node:buffer';
import { ApiError } from '@aaas/contract/errors';
import type { App } from '../api.ts';

// An escape that is not itself escaped.
const NUL = /(?:^|[^\\])(?:\\\\)*\\u0000/;
const LONE_SURROGATE = /(?:^|[^\\])(?:\\\\)*\\ud[89a-f]/;
const DEPTH_MAX = 200;

/** Reads JSON bodies. An empty one is none: many POSTs have nothing to say. */
export function jsonBody(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  // No route takes text: without it such a body is refused for its type, like any other that is not JSON.
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    // Decoding would put other characters in the place of the bad ones, and nobody would notice.
    if (!isUtf8(body)) return done(new ApiError('malformed_json', 'The body is not UTF-8. Encode it so.'));
    const text = body.toString();
    if (text.trim() === '') return done(null, undefined);
    // Postgres stores no NUL, in text nor in JSON.
    if (NUL.test(text)) return done(refusal('holds the character U+0000. Remove it'));
    if (depthOf(text) > DEPTH_MAX) return done(refusal(`is nested deeper than ${DEPTH_MAX} levels. Make it flatter`));
    return parse(request, text, (error, value) => {
      if (error) done(malformed(text, error));
      else if (/\\ud/i.test(text) && LONE_SURROGATE.test(JSON.stringify(value))) {
        done(refusal('holds half of a surrogate pair, which is no character. Remove it'));
      } else done(null, value);
    });
  });
}

function refusal(why: string): ApiError {
  return new ApiError('invalid_request', `The body ${why}.`, { errors: [{ field: 'body', message: why }] });
}

/** Where it goes wrong, in the words of the parser; or what else is wrong with it, such as a key `__proto__`. */
function malformed(text: string, refused: Error): ApiError {
  let { message } = refused;
  try {
    JSON.parse(text);
  } catch (error) {
    message = (error as Error).message.replace(/ is not valid JSON$/, '');
  }
  return new ApiError('malformed_json', `The body is not valid JSON: ${message}.`);
}

/** How deep objects and arrays lie in each other. What is recursive further on must not run out of stack. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < json.length; index++) {
    const char = json.charCodeAt(index);
    if (inString) {
      if (char === 92) index++;
      else if (char === 34) inString = false;
    } else if (char === 34) inString = true;
    else if (char === 123 || char === 91) deepest = Math.max(deepest, ++depth);
    else if (char === 125 || char === 93) depth--;
  }
  return deepest;
}
