import { readdir, readFile } from 'node:fs/promises';
import { isSameDirectory } from './postmaster-file.ts';

/**
 * After a postmaster was killed, a backend that is busy with a query lives on and holds the shared memory, so that no
 * new server starts. It has nothing to lose: its client is answered by nobody. Linux only; elsewhere, and for root in
 * a container (which may not see where others work), they end by themselves when they notice that the client is gone.
 */
export async function quitLeftoverBackends(cluster: string): Promise<void> {
  if (process.platform !== 'linux') return;
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || !(await isSameDirectory(`/proc/${pid}/cwd`, cluster))) continue;
    const program = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (program.trim() !== 'postgres') continue;
    try {
      process.kill(pid, 'SIGQUIT');
    } catch {
      // gone already
    }
  }
}
