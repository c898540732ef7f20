import { readPostmasterFile } from './postmaster-file.ts';
import { isAlive } from './process-alive.ts';
import { until } from './until.ts';

// Replaying the whole log (512 MB) after a crash on a slow disk has to fit.
const READY_WITHIN_MS = 180_000;
const POLL_MS = 3;

/** Follows the status in the postmaster's file: asking the server itself would fill its log with refusals. */
export async function awaitReady(
  pid: number,
  cluster: string,
  signal?: AbortSignal,
): Promise<'ready' | 'stopping' | 'gone' | 'late'> {
  const outcome = await until(
    async () => {
      if (!isAlive(pid)) return 'gone';
      const file = await readPostmasterFile(cluster);
      if (file?.pid !== pid) return false;
      return file.status === 'ready' || file.status === 'stopping' ? file.status : false;
    },
    { withinMs: READY_WITHIN_MS, everyMs: POLL_MS, signal },
  );
  return outcome ?? 'late';
}
