import { ApiError } from '@aaas/contract/errors';
import type { Directory } from './directory.ts';
import { fileError } from './file-error.ts';

/**
 * Opens the directory at `names` below `top`, step by step. The caller closes it; `top` stays open.
 * @throws not_found, path_not_allowed when a step is a link, not_a_directory
 */
export async function descend(top: Directory, names: string[]): Promise<Directory> {
  let here: Directory = top;
  try {
    for (const [index, name] of names.entries()) {
      const shown = names.slice(0, index + 1).join('/');
      const next = await openStep(here, name, shown);
      if (here !== top) await here.handle.close();
      here = next;
    }
    if (here !== top) return here;
    return (await top.openDirectory('.')) as Directory;
  } catch (error) {
    if (here !== top) await here.handle.close();
    throw error;
  }
}

async function openStep(here: Directory, name: string, shown: string): Promise<Directory> {
  const next = await here.openDirectory(name).catch(async (error) => {
    throw await stepError(error, here, name, shown);
  });
  if (!next) throw nothingAt(shown);
  return next;
}

/** Why the way does not go on at `name`. */
export async function stepError(error: unknown, here: Directory, name: string, shown: string): Promise<unknown> {
  const info = await here.inspect(name);
  if (info?.isSymbolicLink()) return linkError(shown);
  if (info && !info.isDirectory()) return new ApiError('not_a_directory', `${quoted(shown)} is not a directory.`);
  return fileError(error, shown);
}

export function nothingAt(shown: string): ApiError {
  return new ApiError('not_found', `There is no ${quoted(shown)}. List the directory to see what there is.`);
}

export function linkError(shown: string): ApiError {
  return new ApiError(
    'path_not_allowed',
    `${quoted(shown)} is a symbolic link, and links are not followed. Use the path that it points to.`,
  );
}

/** A path as part of a sentence. */
export function quoted(path: string): string {
  return JSON.stringify(path.slice(0, 300));
}
