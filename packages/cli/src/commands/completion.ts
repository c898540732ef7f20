import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

/** `completion <shell>`, and the hidden `complete` that the shells ask. Added last: it knows what is there by then. */
export function completionCommand(program: Command): void {
  tab(program, { completionCommandName: 'completion' });
}
