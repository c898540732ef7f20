import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { printSecret } from '../../output/print-answer.ts';
import { printJson } from '../../output/print-json.ts';
import { seconds } from '../../read-option.ts';
import { printWebhook } from './print-webhook.ts';

interface RotateOptions extends GlobalOptions {
  overlap?: number;
}

export function secretCommand(webhooks: Command): void {
  webhooks
    .command('rotate-secret <webhook>')
    .description('give a webhook a new secret, which is shown this once')
    .option('--overlap <time>', 'how long the old one signs too, such as 1h; 0 ends it at once (default: 1d)', seconds)
    .action(
      onPlatform<RotateOptions>(async (client, options, id: string) => {
        const made = await client.webhooks.rotateSecret(id, { overlap_seconds: options.overlap });
        if (options.json) return printJson(made);
        printWebhook(made);
        printSecret('The new secret:', made.secret);
      }),
    );
}
