import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { resolveConversation } from '../../connection/resolve-agent.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { dollars, moment } from '../../output/figures.ts';
import { shorten } from '../../output/one-line.ts';
import { type Columns, printList, take } from '../../output/print-list.ts';
import { cell } from '../../output/table.ts';
import { wholeNumber } from '../../read-option.ts';

interface ListTurnsOptions extends GlobalOptions {
  most: number;
}

const PAGE = 100;
const SHOWN = 40;

const COLUMNS: Columns<Schema<'Message'>> = {
  SAID: ({ accepted_at }) => moment(accepted_at),
  STATE: ({ state }) => state,
  COST: ({ cost_usd }) => dollars(cost_usd),
  MESSAGE: ({ message }) => shorten(cell(message), SHOWN),
  ANSWER: ({ response }) => shorten(cell(response), SHOWN),
  TURN: ({ turn_id }) => turn_id,
};

export function listTurnsCommand(turns: Command): void {
  turns
    .command('list <agent>')
    .description('list messages and their answers, newest first')
    .option('--most <n>', 'no more than so many', wholeNumber, PAGE)
    .action(
      onPlatform<ListTurnsOptions>(async (client, options, wanted: string) => {
        const id = await resolveConversation(client, wanted);
        const messages = client.messages.list(id, { limit: Math.min(options.most, PAGE) || 1, order: 'desc' });
        const empty = `Nothing was said to it yet. Begin with: aaas send ${wanted} "Hello"`;
        await printList(options, take(messages, options.most), COLUMNS, empty);
      }),
    );
}
