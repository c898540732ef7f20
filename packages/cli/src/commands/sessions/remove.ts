import type { Command } from 'commander';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';

export function removeSessionCommand(sessions: Command): void {
  sessions
    .command('rm <session>')
    .description('delete a session with its directory')
    .action(
      onPlatform(async (client, options, id: string) => {
        const change = await client.sessions.delete(id);
        printAnswer(options, change, `${id}: ${change.message}`);
      }),
    );
}
