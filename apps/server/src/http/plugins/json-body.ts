import { ApiError } from '@aaas/contract/errors';
import type { App } from '../api.ts';

// \u0000 that is not itself escaped: Postgres stores no NUL, in text nor in JSON.
const NUL = /(?:^|[^\\])(?:\\\\)*\\u0000/;

/** Reads JSON bodies. An empty one is none: many POSTs have nothing to say. */
export function jsonBody(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body.toString();
    if (text.trim() === '') return done(null, undefined);
    if (NUL.test(text)) {
      return done(
        new ApiError('invalid_request', 'The body holds the character U+0000. Remove it.', {
          errors: [{ field: 'body', message: 'must not hold U+0000' }],
        }),
      );
    }
    return parse(request, text, (error, value) => {
      if (error) done(new ApiError('malformed_json', `The body is not valid JSON: ${error.message}.`));
      else done(null, value);
    });
  });
}
