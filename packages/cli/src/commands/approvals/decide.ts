import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';

interface DenyOptions extends GlobalOptions {
  message?: string;
}

export function decideCommands(program: Command): void {
  program
    .command('approve <approval>')
    .description('let a tool run that an agent asks about: once, with that input')
    .action(
      onPlatform(async (client, options, id: string) => {
        const approval = await client.approvals.decide(id, { decision: 'allow' });
        printAnswer(options, approval, `${approval.tool} may run.`);
      }),
    );
  program
    .command('deny <approval>')
    .description('refuse a tool that an agent asks about')
    .option('-m, --message <text>', 'what the agent is told')
    .action(
      onPlatform<DenyOptions>(async (client, options, id: string) => {
        const { message } = options;
        const approval = await client.approvals.decide(id, { decision: 'deny', ...(message && { message }) });
        printAnswer(options, approval, `${approval.tool} does not run; the agent is told.`);
      }),
    );
}
