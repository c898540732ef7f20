import type { Command } from 'commander';
import { resolveConversation } from '../connection/resolve-agent.ts';
import type { GlobalOptions } from '../global-options.ts';
import { onPlatform } from '../on-platform.ts';
import { printAnswer } from '../output/print-answer.ts';
import { jsonOrFile } from '../read-option.ts';
import { textArgument } from '../read-text.ts';
import { terminalQuestion } from '../turn/ask-approval.ts';
import { sendTurn } from '../turn/send-turn.ts';

interface SendOptions extends GlobalOptions {
  context?: Record<string, unknown>;
  detach?: boolean;
}

export function sendCommand(program: Command): void {
  program
    .command('send <agent> <text>')
    .description('say something to an agent or a session and watch the answer; - takes the text from standard input')
    .option('--context <json>', 'facts that go with the message, as JSON, or @file', jsonOrFile)
    .option('-d, --detach', 'do not wait; aaas turns get shows the answer later')
    .addHelpText(
      'after',
      '\nCtrl-C interrupts the turn; a second one leaves at once. What the agent may not do by itself it asks about here.',
    )
    .action(
      onPlatform<SendOptions>(async (client, options, wanted: string, given: string) => {
        const text = await textArgument(given);
        const { context } = options;
        const id = await resolveConversation(client, wanted);
        if (options.detach) {
          const accepted = await client.messages.sendAsync(id, text, { context });
          return printAnswer(
            options,
            accepted,
            `It was accepted. Its answer: aaas turns get ${id} ${accepted.turn_id}`,
          );
        }
        process.exitCode = await sendTurn(client, id, text, options.json === true, {
          context,
          question: options.json ? null : terminalQuestion(),
        });
      }),
    );
}
