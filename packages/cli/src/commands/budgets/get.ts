import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { resolveWorkspace } from '../../connection/resolve-workspace.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { count, dollars, moment } from '../../output/figures.ts';
import { printJson } from '../../output/print-json.ts';
import { style } from '../../output/style.ts';
import { printFacts, printTable } from '../../output/table.ts';

interface GetBudgetOptions extends GlobalOptions {
  workspace?: string;
}
type State = Schema<'BudgetState'>;

export function getBudgetCommand(budgets: Command): void {
  budgets
    .command('get', { isDefault: true })
    .description('show limits and how far they are used up')
    .option('--workspace <workspace>', 'of this one, as its operator')
    .action(
      onPlatform<GetBudgetOptions>(async (client, options) => {
        const { workspace } = options;
        const budget =
          workspace === undefined
            ? await client.budgets.get()
            : await client.budgets.getCeiling((await resolveWorkspace(client, workspace)).id);
        if (options.json) printJson(budget);
        else printBudget(budget);
      }),
    );
}

export function printBudget({ states, spent }: Schema<'WorkspaceBudget'>): void {
  if (states.length > 0) printTable(['LIMIT', 'SET BY', 'SPENT', 'OF', 'USED', 'BEGINS ANEW'], states.map(rowOf));
  else console.log(style('dim', 'No limits. Set one with: aaas budgets set --per-month-usd 100'));
  console.log('');
  printFacts({
    'spent today': `${dollars(spent.day_usd)}, ${count(spent.day_tokens)} tokens`,
    'this month': `${dollars(spent.month_usd)}, ${count(spent.month_tokens)} tokens`,
    'in all': `${dollars(spent.total_usd)}, ${count(spent.total_tokens)} tokens`,
  });
}

function rowOf({ period, unit, set_by, spent, limit, exhausted, resets_at }: State): string[] {
  const figure = unit === 'usd' ? dollars : count;
  const share = limit === 0 ? 100 : Math.floor((spent / limit) * 100);
  return [
    `${period}, ${unit === 'usd' ? 'US dollars' : 'tokens'}`,
    set_by,
    figure(spent),
    figure(limit),
    exhausted ? style('red', `${share} %`) : `${share} %`,
    moment(resets_at, 'never'),
  ];
}
