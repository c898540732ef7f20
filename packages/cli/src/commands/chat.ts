import type { Command } from 'commander';
import { converse } from '../chat/converse.ts';
import { CliError } from '../cli-error.ts';
import { resolveConversation } from '../connection/resolve-agent.ts';
import { EXIT } from '../exit-codes.ts';
import { onPlatform } from '../on-platform.ts';

export function chatCommand(program: Command): void {
  program
    .command('chat <agent>')
    .description('talk with an agent or a session, line by line')
    .addHelpText('after', '\nCtrl-C interrupts the turn; at the prompt it leaves. /help tells what else can be said.')
    .action(
      onPlatform(async (client, { json }, wanted: string) => {
        if (json) throw new CliError('chat is for people. For programs: aaas send <agent> - --json', EXIT.usage);
        await converse(client, await resolveConversation(client, wanted));
      }),
    );
}
