import { readFile, rm } from 'node:fs/promises';
import { socketPath } from './connection-target.ts';
import type { EmbeddedSite } from './embedded-site.ts';
import { isPostmaster } from './is-postmaster.ts';
import { postmasterFilePath } from './postmaster-file.ts';
import { holdsId } from './process-alive.ts';

/**
 * A killed server leaves its lock files. PostgreSQL sees through them when their process is gone; when the id is taken,
 * by another program or a zombie, it takes that for the old server and refuses to start. Only then are they removed:
 * as long as they stay they also guard the shared memory of backends that outlived their postmaster.
 */
export async function removeStaleLockFiles({ paths, socketDir }: EmbeddedSite): Promise<void> {
  for (const path of [postmasterFilePath(paths.cluster), `${socketPath(socketDir)}.lock`]) {
    const pid = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
    if (pid > 0 && holdsId(pid) && !(await isPostmaster(pid, paths.cluster))) await rm(path, { force: true });
  }
}
