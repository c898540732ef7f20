import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { GlobalOptions } from '../global-options.ts';
import { type Announcement, dataDirectories, findAnnouncement, readAdminKey } from './data-directories.ts';

export interface FoundServer {
  url: string;
  apiKey: string | null;
}

/**
 * The platform to talk to and the key for it: from options, else from the environment, else from a data directory.
 * @throws CliError when there is none.
 */
export function findServer(options: GlobalOptions): FoundServer {
  const directories = dataDirectories(options);
  const announced = findAnnouncement(directories);
  const url = options.url ?? (options.dataDir && announced?.url) ?? (process.env.AAAS_URL || announced?.url);
  if (!url) {
    throw new CliError(
      `No platform runs on ${directories.join(' or ')}. Start one with aaas serve, or name one with --url or AAAS_URL.`,
      EXIT.unreachable,
    );
  }
  if (!/^https?:\/\/[^/]/.test(url)) {
    throw new CliError(`${url} is not an address. Give one like http://127.0.0.1:8000.`, EXIT.usage);
  }
  return { url, apiKey: findKey(url, options, directories, announced) };
}

function findKey(
  url: string,
  options: GlobalOptions,
  directories: string[],
  announced: Announcement | null,
): string | null {
  const given = options.apiKey ?? (options.dataDir ? undefined : process.env.AAAS_API_KEY || undefined);
  if (given !== undefined) return given;
  // The admin key of a directory is for the server of that directory: it must not go to whatever --url names.
  const isOurs = options.dataDir !== undefined || url === announced?.url || isLoopback(url);
  if (!isOurs) return process.env.AAAS_API_KEY || null;
  for (const directory of announced ? [announced.directory] : directories) {
    const key = readAdminKey(directory);
    if (key) return key;
  }
  return process.env.AAAS_API_KEY || null;
}

function isLoopback(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
