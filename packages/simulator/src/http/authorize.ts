import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.ts';

/** Without a list of keys everybody may ask, with any key or none. With one, throws 401 for a key that is not in it. */
export function authorize(request: IncomingMessage, apiKeys: readonly string[] | undefined): void {
  if (apiKeys === undefined) return;
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const key = request.headers['x-api-key'] ?? bearer;
  if (typeof key !== 'string' || !apiKeys.includes(key)) throw new ApiError(401, 'invalid x-api-key');
}
