import type { Limits } from './limits.ts';

const BLOCK_BYTES = 512;
const MIB = 1024 * 1024;

/** No single file grows beyond what the whole directory may hold: a disk is not filled between two looks at it. */
export function fileSizeLimit({ diskMb }: Limits): string {
  return `ulimit -f ${(diskMb * MIB) / BLOCK_BYTES}`;
}

/** The kernel counts the processes and threads of a user. Shells disagree on the letter. */
export function processLimit({ pids }: Limits): string {
  return `ulimit -u ${pids} 2>/dev/null || ulimit -p ${pids}`;
}
