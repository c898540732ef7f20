import { isPostmaster } from './is-postmaster.ts';
import { isAlive } from './process-alive.ts';
import { until } from './until.ts';

/**
 * Stops the server and resolves when it is gone: a fast shutdown (connections end, a checkpoint is written), then an
 * immediate one (as a crash: the next start recovers), at last the kill that it cannot refuse.
 */
export async function stopPostmaster(
  pid: number,
  cluster: string,
  { fastMs = 30_000, immediateMs = 10_000, killMs = 5_000 } = {},
): Promise<void> {
  const steps: [NodeJS.Signals, number][] = [
    ['SIGINT', fastMs],
    ['SIGQUIT', immediateMs],
    ['SIGKILL', killMs],
  ];
  for (const [signal, withinMs] of steps) {
    // Before each signal: the id may by now belong to another program.
    if (!(await isPostmaster(pid, cluster))) return;
    send(pid, signal);
    send(pid, 'SIGCONT'); // a stopped process would take no other signal
    if (await until(() => !isAlive(pid), { withinMs })) return;
  }
  throw new Error(`the database server (process ${pid}) does not end`);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
