import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbeddedSite } from './embedded-site.ts';
import { serverArguments } from './server-arguments.ts';

/** Whether the running server was started by the same program with the same settings as we would start it now. */
export async function runsWith({ paths, binaries, socketDir }: EmbeddedSite): Promise<boolean> {
  // The postmaster writes its command line there, each argument in double quotes, without escapes.
  const written = await readFile(join(paths.cluster, 'postmaster.opts'), 'utf8').catch(() => '');
  const args = serverArguments(paths.cluster, socketDir).map((arg) => ` "${arg}"`);
  return written.trim() === `${binaries.postgres}${args.join('')}`;
}
