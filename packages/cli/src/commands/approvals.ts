import type { Command } from 'commander';
import type { GlobalOptions } from '../global-options.ts';
import { onPlatform } from '../on-platform.ts';
import { printAnswer } from '../output/print-answer.ts';
import { printJson } from '../output/print-json.ts';

interface DecideOptions extends GlobalOptions {
  message?: string;
}

const DECISIONS = {
  approve: ['allow', 'let a tool run that an agent asks about'],
  deny: ['deny', 'refuse a tool that an agent asks about'],
} as const;

const NOT_YET =
  '\nThe API announces approvals. A platform that does not have them yet says so (501), and nothing is done.';

export function approvalCommands(program: Command): void {
  program
    .command('approvals')
    .description('list the tools that wait for an approval')
    .addHelpText('after', NOT_YET)
    .action(onPlatform(async (client) => printJson(await client.approvals.list())));
  for (const [name, [decision, description]] of Object.entries(DECISIONS)) {
    program
      .command(`${name} <approval>`)
      .description(description)
      .option('-m, --message <text>', 'what the agent is told')
      .addHelpText('after', NOT_YET)
      .action(
        onPlatform<DecideOptions>(async (client, options, id: string) => {
          const answer = await client.approvals.decide(id, { decision, message: options.message });
          printAnswer(options, answer, `${id}: ${decision === 'allow' ? 'allowed' : 'denied'}.`);
        }),
      );
  }
}
