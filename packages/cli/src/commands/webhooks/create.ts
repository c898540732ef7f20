import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { printSecret } from '../../output/print-answer.ts';
import { printJson } from '../../output/print-json.ts';
import { printWebhook } from './print-webhook.ts';

interface CreateWebhookOptions extends GlobalOptions {
  event: string[];
  agent?: string[];
  description?: string;
  includeResponse?: boolean;
  disabled?: boolean;
}

export function createWebhookCommand(webhooks: Command): void {
  webhooks
    .command('create <url>')
    .description('send events to an address; the secret that signs them is shown this once')
    .option('--event <event...>', 'such as turn.completed or agent.*; may be repeated', ['*'])
    .option('--agent <id...>', 'only of this agent; may be repeated')
    .option('--description <text>', 'what it is for')
    .option('--include-response', 'turn events carry the answer')
    .option('--disabled', 'send nothing yet')
    .action(
      onPlatform<CreateWebhookOptions>(async (client, options, url: string) => {
        const made = await client.webhooks.create({
          url,
          events: options.event as Schema<'WebhookEventName'>[],
          agent_ids: options.agent,
          description: options.description,
          include_response: options.includeResponse,
          enabled: options.disabled ? false : undefined,
        });
        if (options.json) return printJson(made);
        printWebhook(made);
        printSecret('The secret that its signatures are checked with:', made.secret);
      }),
    );
}
