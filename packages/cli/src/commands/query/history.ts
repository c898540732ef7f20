import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { dollars, moment } from '../../output/figures.ts';
import { printable, shorten } from '../../output/one-line.ts';
import { printThing } from '../../output/print-answer.ts';
import { printJson } from '../../output/print-json.ts';
import { type Columns, printList, take } from '../../output/print-list.ts';
import { cell } from '../../output/table.ts';
import { wholeNumber } from '../../read-option.ts';

interface ListQueriesOptions extends GlobalOptions {
  most: number;
}

const PAGE = 100;
const SHOWN = 50;

const COLUMNS: Columns<Schema<'Query'>> = {
  ASKED: ({ created_at }) => moment(created_at),
  TYPE: ({ agent_type }) => agent_type,
  STATE: ({ turn }) => turn.state,
  COST: ({ turn }) => dollars(turn.cost_usd),
  ANSWER: ({ turn }) => shorten(cell(turn.response), SHOWN),
  ID: ({ id }) => id,
};

export function addQueryHistory(query: Command): void {
  query
    .command('list')
    .description('list queries whose answers are still kept, newest first')
    .option('--most <n>', 'no more than so many', wholeNumber, PAGE)
    .action(
      onPlatform<ListQueriesOptions>(async (client, options) => {
        const empty = 'No queries. Ask one with: aaas query "How many days has a leap year?"';
        await printList(options, take(client.query.list({ limit: PAGE }), options.most), COLUMNS, empty);
      }),
    );
  query
    .command('get <query>')
    .description('show a query and its answer')
    .action(
      onPlatform(async (client, options, id: string) => {
        const found = await client.query.get(id);
        if (options.json) return printJson(found);
        const { turn } = found;
        printThing(turn.state, id, {
          asked: moment(found.created_at),
          type: found.agent_type,
          model: turn.model,
          error: turn.error && cell(turn.error.message),
          cost: dollars(turn.cost_usd),
        });
        if (turn.response !== null) console.log(`\n${printable(turn.response).trimEnd()}`);
      }),
    );
}
