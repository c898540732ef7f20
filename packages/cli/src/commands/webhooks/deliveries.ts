import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { duration, moment } from '../../output/figures.ts';
import { printThing } from '../../output/print-answer.ts';
import { printJson } from '../../output/print-json.ts';
import { type Columns, printList, take } from '../../output/print-list.ts';
import { cell, printTable } from '../../output/table.ts';
import { wholeNumber } from '../../read-option.ts';

type Delivery = Schema<'WebhookDelivery'>;
interface ListDeliveriesOptions extends GlobalOptions {
  state?: Delivery['state'];
  event?: string;
  most: number;
}

const PAGE = 100;

const COLUMNS: Columns<Delivery> = {
  MADE: ({ created_at }) => moment(created_at),
  EVENT: ({ type }) => cell(type),
  STATE: ({ state }) => state,
  ATTEMPTS: ({ attempts_count }) => String(attempts_count),
  LAST: ({ attempts }) => cell(lastOf(attempts)),
  'NEXT ATTEMPT': ({ next_attempt_at }) => moment(next_attempt_at),
  ID: ({ id }) => id,
};

export function deliveryCommands(webhooks: Command): void {
  webhooks
    .command('deliveries <webhook>')
    .description('list what was sent, newest first')
    .option('--state <state>', 'only pending, delivered or dead ones')
    .option('--event <event>', 'only of this event')
    .option('--most <n>', 'no more than so many', wholeNumber, PAGE)
    .action(
      onPlatform<ListDeliveriesOptions>((client, options, id: string) => {
        const { state, event: type, most } = options;
        const found = client.webhooks.deliveries(id, { state, type, limit: PAGE });
        return printList(
          options,
          take(found, most),
          COLUMNS,
          `Nothing was sent. Try it with: aaas webhooks test ${id}`,
        );
      }),
    );
  webhooks
    .command('delivery <webhook> <delivery>')
    .description('show one of them, with its attempts and what it carries')
    .action(
      onPlatform(async (client, options, webhookId: string, id: string) => {
        const delivery = await client.webhooks.delivery(webhookId, id);
        if (options.json) return printJson(delivery);
        printThing(delivery.type, delivery.id, {
          state: delivery.state,
          made: moment(delivery.created_at),
          'next attempt': delivery.next_attempt_at && moment(delivery.next_attempt_at),
          payload: cell(JSON.stringify(delivery.payload)),
        });
        if (delivery.attempts.length === 0) return;
        console.log('');
        const rows = delivery.attempts.map((attempt) => [
          String(attempt.number),
          moment(attempt.at),
          duration(attempt.duration_ms),
          cell(lastOf([attempt])),
          cell(attempt.response),
        ]);
        printTable(['ATTEMPT', 'AT', 'TOOK', 'CAME TO', 'ANSWER'], rows);
      }),
    );
}

function lastOf(attempts: Delivery['attempts']): string | null {
  const last = attempts.at(-1);
  if (!last) return null;
  return last.error ?? (last.status === null ? null : `HTTP ${last.status}`);
}
