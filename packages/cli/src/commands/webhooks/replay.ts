import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { count } from '../../output/figures.ts';
import { printAnswer } from '../../output/print-answer.ts';
import { seconds } from '../../read-option.ts';

interface ReplayOptions extends GlobalOptions {
  last: number;
}

const A_DAY = 86_400;

export function replayCommands(webhooks: Command): void {
  webhooks
    .command('test <webhook>')
    .description('send it a test event')
    .action(
      onPlatform(async (client, options, id: string) => {
        const delivery = await client.webhooks.test(id);
        const see = `aaas webhooks delivery ${id} ${delivery.id}`;
        printAnswer(options, delivery, `A test is on its way. What came of it: ${see}`);
      }),
    );
  webhooks
    .command('replay <webhook> [delivery]')
    .description('send a delivery again, or all that have not arrived')
    .option('--last <time>', 'all of this time, such as 12h', seconds, A_DAY)
    .action(
      onPlatform<ReplayOptions, [string, string?]>(async (client, options, id, deliveryId) => {
        if (deliveryId !== undefined) {
          const delivery = await client.webhooks.replayDelivery(id, deliveryId);
          return printAnswer(options, delivery, `${deliveryId} is sent again.`);
        }
        const since = new Date(Date.now() - options.last * 1000).toISOString();
        const result = await client.webhooks.replay(id, { since });
        const more = result.more ? ' There are more: do it again.' : '';
        printAnswer(options, result, `${count(result.replayed)} are sent again.${more}`);
      }),
    );
}
