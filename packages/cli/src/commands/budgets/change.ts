import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { CliError } from '../../cli-error.ts';
import { resolveWorkspace } from '../../connection/resolve-workspace.ts';
import { EXIT } from '../../exit-codes.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';
import { printJson } from '../../output/print-json.ts';
import { amount, wholeNumber } from '../../read-option.ts';
import { printBudget } from './get.ts';

type Limits = Schema<'WorkspaceLimits'>;
interface ClearOptions extends GlobalOptions {
  workspace?: string;
}
interface SetOptions extends ClearOptions {
  perDayUsd?: number;
  perMonthUsd?: number;
  totalUsd?: number;
  perDayTokens?: number;
  perMonthTokens?: number;
  totalTokens?: number;
}

export function changeBudgetCommands(budgets: Command): void {
  budgets
    .command('set')
    .description('set the limits; those that are not named are no more')
    .option('--per-day-usd <n>', 'US dollars a day', amount)
    .option('--per-month-usd <n>', 'US dollars a month', amount)
    .option('--total-usd <n>', 'US dollars in all', amount)
    .option('--per-day-tokens <n>', 'tokens a day', wholeNumber)
    .option('--per-month-tokens <n>', 'tokens a month', wholeNumber)
    .option('--total-tokens <n>', 'tokens in all', wholeNumber)
    .option('--workspace <workspace>', 'the ceiling of this one')
    .action(
      onPlatform<SetOptions>(async (client, options) => {
        const limits = limitsOf(options);
        const { workspace } = options;
        const budget =
          workspace === undefined
            ? await client.budgets.set(limits)
            : await client.budgets.setCeiling((await resolveWorkspace(client, workspace)).id, limits);
        if (options.json) printJson(budget);
        else printBudget(budget);
      }),
    );
  budgets
    .command('clear')
    .description('take all limits away')
    .option('--workspace <workspace>', 'the ceiling of this one')
    .action(
      onPlatform<ClearOptions>(async (client, options) => {
        const { workspace } = options;
        if (workspace === undefined) await client.budgets.clear();
        else await client.budgets.clearCeiling((await resolveWorkspace(client, workspace)).id);
        printAnswer(
          options,
          { cleared: true },
          workspace === undefined ? 'No limits any more.' : 'No ceiling any more.',
        );
      }),
    );
}

function limitsOf(options: SetOptions): Limits {
  const limits = {
    per_day_usd: options.perDayUsd,
    per_month_usd: options.perMonthUsd,
    total_usd: options.totalUsd,
    per_day_tokens: options.perDayTokens,
    per_month_tokens: options.perMonthTokens,
    total_tokens: options.totalTokens,
  };
  const named = Object.entries(limits).filter(([, limit]) => limit !== undefined);
  if (named.length > 0) return Object.fromEntries(named);
  throw new CliError('Name a limit, such as --per-month-usd 100; aaas budgets clear removes them all.', EXIT.usage);
}
