import { ApiError } from '@aaas/contract/errors';

// Longer paths are neither taken nor packed.
const PATH_MAX_BYTES = 4_096;
const NAME_MAX_BYTES = 255;
/** Deeper directories are neither entered nor made. */
export const DEPTH_MAX = 64;

/**
 * The names on the way to a path relative to a working directory; none for the directory itself. A slash at the end
 * says nothing. @throws invalid_request naming what is wrong with it.
 */
export function parsePath(path: string): string[] {
  const why = whatIsWrongWith(path);
  if (why !== null)
    throw new ApiError('invalid_request', `path: ${why}.`, { errors: [{ field: 'path', message: why }] });
  return namesIn(path);
}

/** Why a path cannot be one of a working directory; null when it can. */
export function whatIsWrongWith(path: string): string | null {
  if (path.includes('\0')) return 'holds the character U+0000; remove it';
  if (!path.isWellFormed()) return 'holds half of a surrogate pair, which is no character; remove it';
  if (Buffer.byteLength(path) > PATH_MAX_BYTES) return `is longer than ${PATH_MAX_BYTES} bytes`;
  if (path.startsWith('/')) return 'begins with a slash; give it relative to the working directory';
  const names = namesIn(path);
  if (names.includes('..') || names.includes('.')) return 'holds . or ..; give the plain path';
  if (names.includes('')) return 'holds two slashes in a row; use one';
  if (names.length > DEPTH_MAX) return `is deeper than ${DEPTH_MAX} directories`;
  if (names.some((name) => Buffer.byteLength(name) > NAME_MAX_BYTES)) {
    return `holds a name longer than ${NAME_MAX_BYTES} bytes`;
  }
  return null;
}

function namesIn(path: string): string[] {
  const trimmed = path.endsWith('/') ? path.slice(0, -1) : path;
  return trimmed === '' ? [] : trimmed.split('/');
}
