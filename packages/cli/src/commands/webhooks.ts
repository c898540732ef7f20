import type { Command } from 'commander';
import { createWebhookCommand } from './webhooks/create.ts';
import { deliveryCommands } from './webhooks/deliveries.ts';
import { editWebhookCommands } from './webhooks/edit.ts';
import { listWebhooksCommand } from './webhooks/list.ts';
import { replayCommands } from './webhooks/replay.ts';
import { secretCommand } from './webhooks/rotate-secret.ts';

export function webhooksCommand(program: Command): void {
  const webhooks = program.command('webhooks').description('tell other programs what happens');
  for (const add of [createWebhookCommand, listWebhooksCommand, editWebhookCommands, secretCommand]) add(webhooks);
  for (const add of [deliveryCommands, replayCommands]) add(webhooks);
}
