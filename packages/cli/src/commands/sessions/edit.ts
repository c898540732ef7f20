import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';
import { pair, wholeNumber } from '../../read-option.ts';

interface EditSessionOptions extends GlobalOptions {
  title?: string;
  metadata?: Record<string, string>;
  agentVersion?: number;
}

export function editSessionCommand(sessions: Command): void {
  sessions
    .command('edit <session>')
    .description('change what a session is called, its pairs, or the version of its agent')
    .option('--title <text>', 'what it is about')
    .option('--metadata <K=V>', 'a pair to find it by; may be repeated', pair)
    .option('--agent-version <n>', 'the version to work with from the next turn on', wholeNumber)
    .action(
      onPlatform<EditSessionOptions>(async (client, options, id: string) => {
        const { title, metadata, agentVersion: version } = options;
        const session = await client.sessions.change(id, { title, metadata, version });
        printAnswer(options, session, `${session.title ?? session.id} (${session.id}): changed.`);
      }),
    );
}
