import { ApiError } from '@aaas/contract/errors';
import { z } from 'zod';

export const KeyParams = z.object({ key_id: z.string().max(128) });

const ID = /^[A-Za-z0-9_]{1,128}$/;

/** The id of a path, when it can be one. @throws not_found */
export function keyIdOf(request: { params: { key_id: string } }): string {
  const { key_id: keyId } = request.params;
  if (!ID.test(keyId)) throw keyNotFound(keyId);
  return keyId;
}

export function keyNotFound(keyId: string): ApiError {
  return new ApiError('not_found', `There is no key ${keyId.slice(0, 128)}. GET /api/v1/keys lists those there are.`);
}
