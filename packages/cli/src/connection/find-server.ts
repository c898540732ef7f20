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
  // What was named on the command line goes before what the environment says.
  const named = options.url ?? (options.dataDir === undefined ? undefined : announced?.url);
  const url = named ?? (process.env.AAAS_URL || announced?.url);
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
  const inDirectory = () => readAdminKey(announced ? [announced.directory] : directories);
  const inEnvironment = process.env.AAAS_API_KEY || null;
  if (options.apiKey !== undefined) return options.apiKey;
  if (options.dataDir !== undefined) return inDirectory() ?? inEnvironment;
  if (inEnvironment !== null) return inEnvironment;
  // The admin key of a directory is for the server of that directory: it must not go to whatever --url names.
  return url === announced?.url || isLoopback(url) ? inDirectory() : null;
}

function isLoopback(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
