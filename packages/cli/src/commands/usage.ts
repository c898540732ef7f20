import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import type { GlobalOptions } from '../global-options.ts';
import { onPlatform } from '../on-platform.ts';
import { count, dollars } from '../output/figures.ts';
import { printJson } from '../output/print-json.ts';
import { saveAnswer } from '../output/save-answer.ts';
import { style } from '../output/style.ts';
import { cell, printTable } from '../output/table.ts';

interface UsageOptions extends GlobalOptions {
  by: string;
  since?: string;
  until?: string;
  agent?: string;
  type?: string;
  model?: string;
  key?: string;
  session?: string;
  upstream?: string;
  csv?: boolean;
  output?: string;
}
type Figures = Schema<'UsageFigures'>;
type Row = Schema<'UsageRow'>;

const ROWS = 1_000;

/** How a group is called. */
const GROUPS: Record<string, (row: Row) => string | null> = {
  day: (row) => row.day ?? null,
  agent: (row) => row.agent_name ?? row.agent_id ?? null,
  agent_type: (row) => row.agent_type ?? null,
  model: (row) => row.model ?? null,
  key: (row) => row.key_name ?? row.key_id ?? null,
  session: (row) => row.session_id ?? null,
  upstream: (row) => row.upstream ?? null,
};

export function usageCommand(program: Command): void {
  program
    .command('usage')
    .description('sum up tokens and cost; days are UTC')
    .option('--by <dimensions>', 'day, agent, agent_type, model, key, session, upstream, with commas between', 'day')
    .option('--since <date>', 'from then on (default: 30 days before --until)')
    .option('--until <date>', 'before then (default: the end of this day)')
    .option('--agent <id>', 'only of this agent')
    .option('--type <type>', 'only of agents of this type')
    .option('--model <model>', 'only of this model')
    .option('--key <id>', 'only what this key asked for')
    .option('--session <id>', 'only of this session')
    .option('--upstream <name>', 'only of this upstream')
    .option('--csv', 'all rows as CSV')
    .option('-o, --output <file>', 'where the CSV goes (default: standard output)', '-')
    .action(
      onPlatform<UsageOptions>(async (client, options) => {
        const { by: group_by, since, until, type: agent_type, model, upstream } = options;
        const of = { agent_id: options.agent, key_id: options.key, session_id: options.session };
        const asked = { group_by, since, until, agent_type, model, upstream, ...of };
        if (options.csv) return saveAnswer(options, await client.usage.csv(asked), options.output ?? '-');
        const answer = await client.usage.get({ ...asked, limit: ROWS });
        if (options.json) return printJson(answer);
        print(answer);
      }),
    );
}

function print({ data, totals, group_by, next_cursor }: Schema<'Usage'>): void {
  if (data.length === 0) {
    console.log(style('dim', 'Nothing was used in this time. See aaas usage --help for more.'));
    return;
  }
  const heads = group_by.map((dimension) => dimension.toUpperCase().replace('_', ' '));
  const named = (row: Row) => group_by.map((dimension) => cell(GROUPS[dimension]?.(row) ?? null));
  printTable(
    [...heads, 'REQUESTS', 'TOKENS IN', 'OF CACHE', 'OUT', 'COST'],
    [
      ...data.map((row) => [...named(row), ...figuresOf(row)]),
      [style('bold', 'total'), ...group_by.slice(1).map(() => ''), ...figuresOf(totals)],
    ],
    heads.length,
  );
  if (totals.unpriced_requests > 0) {
    console.log(
      style('yellow', `${count(totals.unpriced_requests)} requests were of models without a price: they count as $0.`),
    );
  }
  if (next_cursor !== null) console.log(style('dim', `The first ${count(ROWS)} rows; all of them: --csv`));
}

function figuresOf(figures: Figures): string[] {
  const read = figures.cache_read_input_tokens;
  const all = figures.input_tokens + read + figures.cache_creation_input_tokens;
  return [count(figures.requests), count(all), count(read), count(figures.output_tokens), dollars(figures.cost_usd)];
}
