import type { WaitOptions } from '@aaas/client/waiting/wait-for-status';
import type { Command } from 'commander';
import type { GlobalOptions } from '../global-options.ts';
import { progress } from '../output/progress.ts';
import { seconds } from '../read-option.ts';

export interface WaitingOptions extends GlobalOptions {
  wait?: boolean;
  timeout: number;
}

export function addWaitOptions(command: Command): Command {
  return command
    .option('--wait', 'come back when it is so')
    .option('--timeout <time>', 'how long --wait waits, such as 30s or 5m', seconds, 60);
}

/** Waits for the state that a change leads to, if the command line asks for it. @returns null when it does not */
export async function waitIfAsked<T>(
  { wait, timeout }: WaitingOptions,
  waitFor: (options: WaitOptions) => Promise<T>,
): Promise<T | null> {
  if (!wait) return null;
  const shown = progress('waiting:');
  try {
    return await waitFor({ timeoutMs: timeout * 1000, onStatus: shown.say });
  } finally {
    shown.end();
  }
}
