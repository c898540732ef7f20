import { ApiError } from '@aaas/contract/errors';

/** `why` completes the sentence "The archive …". */
export function invalidArchive(why: string, cause?: unknown): ApiError {
  return new ApiError('invalid_archive', `The archive ${why}.`, { cause });
}
