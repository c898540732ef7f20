import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { CliError } from '../../cli-error.ts';
import { EXIT } from '../../exit-codes.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';

interface EditWebhookOptions extends GlobalOptions {
  to?: string;
  event?: string[];
  agent?: string[];
  allAgents?: boolean;
  description?: string;
  enable?: boolean;
  disable?: boolean;
}

export function editWebhookCommands(webhooks: Command): void {
  webhooks
    .command('edit <webhook>')
    .description('change a webhook; --enable switches it on again')
    .option('--to <url>', 'where to send')
    .option('--event <event...>', 'these events instead')
    .option('--agent <id...>', 'only of these agents')
    .option('--all-agents', 'of all agents')
    .option('--description <text>', 'what it is for')
    .option('--enable', 'send')
    .option('--disable', 'send nothing')
    .action(
      onPlatform<EditWebhookOptions>(async (client, options, id: string) => {
        const change = {
          url: options.to,
          events: options.event as Schema<'WebhookEventName'>[] | undefined,
          agent_ids: options.allAgents ? null : options.agent,
          description: options.description,
          enabled: options.enable ? true : options.disable ? false : undefined,
        };
        if (Object.values(change).every((value) => value === undefined)) {
          throw new CliError('There is nothing to change. See aaas webhooks edit --help.', EXIT.usage);
        }
        const webhook = await client.webhooks.change(id, change);
        printAnswer(options, webhook, `${webhook.url} (${id}): changed; it is ${webhook.enabled ? 'on' : 'off'}.`);
      }),
    );
  webhooks
    .command('rm <webhook>')
    .description('delete a webhook with its deliveries')
    .action(
      onPlatform(async (client, options, id: string) => {
        await client.webhooks.delete(id);
        printAnswer(options, { id, deleted: true }, `${id} is gone.`);
      }),
    );
}
