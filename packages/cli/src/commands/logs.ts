import type { Client } from '@aaas/client/create-client';
import type { LogEvent } from '@aaas/client/events/log-event';
import { type Command, InvalidArgumentError } from 'commander';
import { connect } from '../connection/connect.ts';
import { resolveConversation } from '../connection/resolve-agent.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatEvent } from '../output/format-event.ts';
import { printJsonLine } from '../output/print-json.ts';

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
    .option('--after <sequence>', 'begin after this event', readSequence, 0)
    .action(async (wanted: string, _options, command: Command) => {
      const options = command.optsWithGlobals<LogsOptions>();
      const client = connect(options);
      const id = await resolveConversation(client, wanted);
      for await (const event of eventsOf(client, id, options)) {
        if (options.json) printJsonLine(event);
        else console.log(formatEvent(event));
      }
    });
}

async function* eventsOf(client: Client, agentId: string, { follow, after }: LogsOptions): AsyncGenerator<LogEvent> {
  if (!follow) return yield* client.events.list(agentId, { after, limit: PAGE });
  for await (const event of client.events.stream(agentId, { after })) {
    // Text that is still being written comes once more, whole, in its event.
    if ('seq' in event) yield event;
  }
}

function readSequence(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a sequence: a whole number from 0 on.');
  return Number(text);
}
