import { ApiError } from '@aaas/contract/errors';

/** `why` completes the sentence "The archive …". */
export function invalidArchive(why: string, cause?: unknown): ApiError {
  return new ApiError('invalid_archive', `The archive ${why}.`, { cause });
}

/** An entry may lie deep below directories that have none of their own: what is made is counted like what is named. */
export function tooMany({ MAX_ARCHIVE_ENTRIES: max }: { MAX_ARCHIVE_ENTRIES: number }): ApiError {
  return invalidArchive(`holds more than ${max} entries or directories, which is MAX_ARCHIVE_ENTRIES`);
}
