import type { Command } from 'commander';
import { decideCommands } from './approvals/decide.ts';
import { listApprovalsCommand } from './approvals/list.ts';

export function approvalCommands(program: Command): void {
  const approvals = program.command('approvals').description('tools that wait, or waited, for the word of a person');
  listApprovalsCommand(approvals);
  decideCommands(program);
}
