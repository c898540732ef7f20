import { ApiError, type ErrorCode } from '@aaas/contract/errors';

const KNOWN: Record<string, [ErrorCode, string]> = {
  ENOENT: ['not_found', 'is gone: somebody removed it meanwhile'],
  ENOTDIR: ['not_a_directory', 'is not a directory'],
  EISDIR: ['not_a_file', 'is a directory'],
  EEXIST: ['already_exists', 'exists already'],
  ENOTEMPTY: ['already_exists', 'is a directory that is not empty'],
  ELOOP: ['path_not_allowed', 'is a symbolic link, and links are not followed'],
  EACCES: ['path_not_allowed', 'cannot be reached: its mode forbids it'],
  EPERM: ['path_not_allowed', 'cannot be changed: the system forbids it'],
  ENXIO: ['path_not_allowed', 'is not a regular file'],
  ENAMETOOLONG: ['invalid_request', 'is too long for this disk'],
  EINVAL: ['invalid_request', 'is a name that this disk does not take'],
  EILSEQ: ['invalid_request', 'is a name that this disk does not take'],
  ENOSPC: ['storage_full', 'cannot be written: the disk is full'],
  EDQUOT: ['storage_full', 'cannot be written: its space is used up'],
  EFBIG: ['payload_too_large', 'is too large for this disk'],
};

/** An error of the file system as its caller reads it; any other error as it is. */
export function fileError(error: unknown, path: string): unknown {
  const known = KNOWN[(error as NodeJS.ErrnoException).code ?? ''];
  if (error instanceof ApiError || !known) return error;
  return new ApiError(known[0], `${JSON.stringify(path.slice(0, 300))} ${known[1]}.`, { cause: error });
}
