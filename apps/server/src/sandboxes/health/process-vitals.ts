import { readFileSync } from 'node:fs';

/** What the kernel knows of a process at one moment. */
export interface Vitals {
  /** As in /proc/<pid>/stat: R runs, S sleeps, D waits for a disk, T is stopped, Z has ended. */
  state: string;
  /** Nanoseconds that its main thread has run. */
  ranNs: number;
}

// A sandbox may put programs of its own in front; they do nothing but wait.
const WRAPPERS = new Set(['bwrap']);
const WRAPPED_DEPTH_MAX = 4;

/** Null: there is no such process, or no /proc. Reads two small files of the kernel, without a disk. */
export function readVitals(pid: number): Vitals | null {
  const main = mainProcess(pid);
  const stat = read(`/proc/${main}/stat`);
  if (stat === null) return null;
  const ran = Number(read(`/proc/${main}/schedstat`)?.split(' ')[0] ?? 0);
  return { state: stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3), ranNs: ran };
}

/** The process that a sandbox was started for, behind those that only wrap it. */
function mainProcess(pid: number): number {
  let main = pid;
  for (let depth = 0; depth < WRAPPED_DEPTH_MAX; depth++) {
    if (!WRAPPERS.has(read(`/proc/${main}/comm`)?.trim() ?? '')) return main;
    const child = read(`/proc/${main}/task/${main}/children`)?.trim().split(' ')[0];
    if (!child) return main;
    main = Number(child);
  }
  return main;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
