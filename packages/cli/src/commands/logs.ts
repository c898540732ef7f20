import type { Client } from '@aaas/client/create-client';
import type { LogEvent } from '@aaas/client/events/log-event';
import type { Command } from 'commander';
import { resolveConversation } from '../connection/resolve-agent.ts';
import type { GlobalOptions } from '../global-options.ts';
import { onPlatform } from '../on-platform.ts';
import { formatEvent } from '../output/format-event.ts';
import { printJsonLine } from '../output/print-json.ts';
import { wholeNumber } from '../read-option.ts';

interface LogsOptions extends GlobalOptions {
  follow?: boolean;
  after: number;
}

const PAGE = 1_000;

export function logsCommand(program: Command): void {
  program
    .command('logs <agent>')
    .description('show what an agent or a session has done, event by event')
    .option('-f, --follow', 'go on with what happens next')
    .option('--after <sequence>', 'begin after this event', wholeNumber, 0)
    .action(
      onPlatform<LogsOptions>(async (client, options, wanted: string) => {
        const id = await resolveConversation(client, wanted);
        for await (const event of eventsOf(client, id, options)) {
          if (options.json) printJsonLine(event);
          else console.log(formatEvent(event));
        }
      }),
    );
}

async function* eventsOf(client: Client, id: string, { follow, after }: LogsOptions): AsyncGenerator<LogEvent> {
  if (!follow) return yield* client.events.list(id, { after, limit: PAGE });
  for await (const event of client.events.stream(id, { after })) {
    if (event.type === 'resync') process.stderr.write(`aaas: events up to ${event.after} are no longer kept\n`);
    // Text that is still being written comes once more, whole, in its event.
    if ('seq' in event) yield event;
  }
}
