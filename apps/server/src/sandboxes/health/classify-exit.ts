import type { StatusReason } from '@aaas/contract/lifecycle';
import type { ExitInfo } from '../spawn/spawn-sandbox.ts';

export interface Loss {
  reason: Extract<
    StatusReason,
    'process_exited' | 'process_killed' | 'out_of_memory' | 'memory_limit' | 'pids_limit' | 'disk_limit'
  >;
  /** How it ended, without what it printed. */
  how: string;
}

// What runtimes say when they give up by themselves.
const OUT_OF_MEMORY = /heap out of memory|out of memory|cannot allocate memory|allocation failed/i;
// 128 + SIGABRT: how a shell or a runtime passes an abort on.
const ABORTED = 134;

/**
 * Tells apart the ways in which a process ends that nobody wanted to end. `oomKilled` is asked of a SIGKILL only, and not
 * where the sandbox's own group would tell.
 */
export function classifyExit(exit: ExitInfo, lastOutput: string, oomKilled: () => boolean): Loss {
  if (exit.error) return { reason: 'process_exited', how: exit.error.message };
  if (exit.breach) {
    const { resource, event } = exit.breach;
    return { reason: resource === 'node_memory' ? 'out_of_memory' : `${resource}_limit`, how: event.message };
  }
  const aborted = exit.signal === 'SIGABRT' || exit.code === ABORTED;
  if (aborted && OUT_OF_MEMORY.test(lastOutput)) {
    return { reason: 'out_of_memory', how: 'aborted: its own heap was full' };
  }
  if (exit.signal === 'SIGKILL' && !exit.killsCounted && oomKilled()) {
    return { reason: 'out_of_memory', how: 'ended by SIGKILL: the kernel was out of memory' };
  }
  if (exit.signal) return { reason: 'process_killed', how: `ended by ${exit.signal}` };
  // What was asked to end by a signal and ended in order says so with 128 + its number.
  if (exit.code === 143 || exit.code === 130) {
    return {
      reason: 'process_killed',
      how: `ended with exit code ${exit.code}, as after ${exit.code === 143 ? 'SIGTERM' : 'SIGINT'}`,
    };
  }
  return { reason: 'process_exited', how: `ended with exit code ${exit.code}` };
}
