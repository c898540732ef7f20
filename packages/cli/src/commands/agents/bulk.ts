import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { CliError } from '../../cli-error.ts';
import { resolveAgent } from '../../connection/resolve-agent.ts';
import { EXIT } from '../../exit-codes.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { printJson } from '../../output/print-json.ts';
import { style } from '../../output/style.ts';
import { cell, printTable } from '../../output/table.ts';
import { pair } from '../../read-option.ts';

interface BulkOptions extends GlobalOptions {
  status?: string[];
  type?: string[];
  search?: string;
  metadata?: Record<string, string>;
}
type Request = Schema<'BulkRequest'>;

export function bulkCommand(agents: Command): void {
  agents
    .command('bulk <action> [agents...]')
    .description('start, stop, restart, hibernate, interrupt or delete many agents: the named, or those that match')
    .option('--status <status...>', 'those in this status')
    .option('--type <type...>', 'those of this type')
    .option('--search <text>', 'those with this in their name')
    .option('--metadata <K=V>', 'those with this pair; may be repeated', pair)
    .action(
      onPlatform<BulkOptions, [string, string[]]>(async (client, options, action, wanted) => {
        const { status, type: agent_type, search: q, metadata } = options;
        const filter = { status, agent_type, q, metadata } as NonNullable<Request['filter']>;
        const isFiltered = Object.values(filter).some((condition) => condition !== undefined);
        if (isFiltered === wanted.length > 0) {
          throw new CliError('Name the agents, or say with --status, --type … which ones. Not both.', EXIT.usage);
        }
        const named = await Promise.all(wanted.map((one) => resolveAgent(client, one)));
        const which = isFiltered ? { filter } : { agent_ids: named.map(({ id }) => id) };
        const answer = await client.agents.bulk({ action: action as Request['action'], ...which });
        if (answer.failed > 0) process.exitCode = EXIT.failed;
        if (options.json) return printJson(answer);
        print(answer);
      }),
    );
}

function print({ data, succeeded, failed, truncated }: Schema<'BulkResponse'>): void {
  if (data.length === 0) {
    console.log(style('dim', 'No agents like that.'));
    return;
  }
  printTable(
    ['AGENT', 'NOW', 'WHAT WENT WRONG'],
    data.map(({ agent_id, status, error }) => [
      agent_id,
      status ?? style('red', 'failed'),
      cell(error?.detail ?? null),
    ]),
  );
  console.log(style('dim', `${succeeded} done, ${failed} failed${truncated ? '; there are more: do it again' : ''}`));
}
