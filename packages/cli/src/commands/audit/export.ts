import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { saveAnswer } from '../../output/save-answer.ts';
import { wholeNumber } from '../../read-option.ts';

interface ExportOptions extends GlobalOptions {
  after?: number;
  platform?: boolean;
  output: string;
}

export function exportAuditCommand(audit: Command): void {
  audit
    .command('export')
    .description('write the log as lines of JSON, oldest first; aaas audit verify --file reads it')
    .option('-o, --output <file>', 'where to (default: standard output)', '-')
    .option('--after <seq>', 'begin after this entry', wholeNumber)
    .option('--platform', 'the chain of requests that name no workspace')
    .action(
      onPlatform<ExportOptions>(async (client, options) => {
        const answer = await client.audit.export({
          ...(options.after !== undefined && { after: options.after }),
          ...(options.platform && { chain: 'platform' }),
        });
        await saveAnswer(options, answer, options.output);
      }),
    );
}
