import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { onPlatform } from '../../on-platform.ts';
import { moment } from '../../output/figures.ts';
import { printJson } from '../../output/print-json.ts';
import { type Columns, printList } from '../../output/print-list.ts';
import { style } from '../../output/style.ts';
import { cell } from '../../output/table.ts';
import { printWebhook } from './print-webhook.ts';

const PAGE = 100;

const COLUMNS: Columns<Schema<'Webhook'>> = {
  URL: ({ url }) => cell(url),
  STATE: ({ enabled, failing_since, disabled_reason }) => stateOf(enabled, failing_since, disabled_reason),
  EVENTS: ({ events }) => cell(events.join(' ')),
  'LAST SUCCESS': ({ last_success_at }) => moment(last_success_at, 'never'),
  ID: ({ id }) => id,
};

export function listWebhooksCommand(webhooks: Command): void {
  webhooks
    .command('list')
    .description('list webhooks')
    .action(
      onPlatform((client, options) => {
        const empty = 'No webhooks. Make one with: aaas webhooks create <url>';
        return printList(options, client.webhooks.list({ limit: PAGE }), COLUMNS, empty);
      }),
    );
  webhooks
    .command('get <webhook>')
    .description('show a webhook')
    .action(
      onPlatform(async (client, { json }, id: string) => {
        const webhook = await client.webhooks.get(id);
        if (json) printJson(webhook);
        else printWebhook(webhook);
      }),
    );
}

function stateOf(enabled: boolean, failingSince: string | null, reason: string | null): string {
  if (!enabled) return style('dim', `off${reason === null ? '' : `: ${reason}`}`);
  return failingSince === null ? style('green', 'on') : style('yellow', 'failing');
}
