import type { Command } from 'commander';
import { changeBudgetCommands } from './budgets/change.ts';
import { getBudgetCommand } from './budgets/get.ts';

export function budgetsCommand(program: Command): void {
  const budgets = program
    .command('budgets')
    .description('what a workspace may spend; --workspace: the ceiling of one, set by operators');
  for (const add of [getBudgetCommand, changeBudgetCommands]) add(budgets);
}
