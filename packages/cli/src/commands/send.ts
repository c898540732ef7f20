import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { connect } from '../connection/connect.ts';
import { resolveAgent } from '../connection/resolve-agent.ts';
import { EXIT } from '../exit-codes.ts';
import type { GlobalOptions } from '../global-options.ts';
import { sendTurn } from '../turn/send-turn.ts';

export function sendCommand(program: Command): void {
  program
    .command('send <agent> <text>')
    .description('say something to an agent and watch its answer; - takes the text from standard input')
    .addHelpText('after', '\nCtrl-C interrupts the turn; a second one leaves at once.')
    .action(async (wanted: string, given: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const text = given === '-' ? await readAll(process.stdin) : given;
      if (text.trim() === '')
        throw new CliError('There is nothing to send. Give a text, or - for standard input.', EXIT.usage);
      const client = connect(options);
      const agent = await resolveAgent(client, wanted);
      process.exitCode = await sendTurn(client, agent.id, text, options.json === true);
    });
}
