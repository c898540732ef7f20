import { readdir, readFile } from 'node:fs/promises';
import { SANDBOX_MARKER } from './sandbox-marker.ts';

/** Which processes: those whose marker begins with `marker`, and every one that runs as `uid`. */
export interface ProcessQuery {
  marker: string;
  uid: number | null;
}

/**
 * The living processes of a sandbox, or of all sandboxes of a node. Reads /proc; where there is none (macOS) it finds
 * nothing, and only process groups are killed there.
 */
export async function findProcesses(query: ProcessQuery): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const matches = await Promise.all(pids.map(async (pid) => (await belongs(pid, query)) && pid !== process.pid));
  return pids.filter((_, index) => matches[index]);
}

async function belongs(pid: number, { marker, uid }: ProcessQuery): Promise<boolean> {
  // A process that ended while we looked, a kernel thread, one of another user: not ours.
  const environ = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  if (`\0${environ}`.includes(`\0${SANDBOX_MARKER}=${marker}`)) return !(await isZombie(pid));
  return uid !== null && (await uidOf(pid)) === uid && !(await isZombie(pid));
}

async function uidOf(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1];
  return uid === undefined ? null : Number(uid);
}

// A zombie has no environment left to show, but its status stays until its parent reaps it.
async function isZombie(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return /\) [ZX] /.test(stat);
}
