import { basename } from 'node:path';
import type { Command } from 'commander';
import { CliError } from '../../cli-error.ts';
import { resolveConversation } from '../../connection/resolve-agent.ts';
import { EXIT } from '../../exit-codes.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { saveAnswer } from '../../output/save-answer.ts';

interface DownloadOptions extends GlobalOptions {
  output?: string;
}

export function downloadCommands(files: Command): void {
  files
    .command('get <agent> <path>')
    .description('save a file')
    .option('-o, --output <file>', 'where to (default: its name, here; - is standard output)')
    .action(
      onPlatform<DownloadOptions>(async (client, options, wanted: string, path: string) => {
        const id = await resolveConversation(client, wanted);
        const answer = await client.files.read(id, path);
        // A file comes as an attachment, the listing of a directory does not.
        if (!answer.headers.has('content-disposition')) {
          await answer.body?.cancel();
          throw new CliError(`${path} is a directory. Save it with: aaas files archive ${wanted} ${path}`, EXIT.usage);
        }
        await saveAnswer(options, answer, options.output ?? basename(path));
      }),
    );
  files
    .command('archive <agent> [path]')
    .description('save a directory as a .tar.gz')
    .option('-o, --output <file>', 'where to (default: its name and .tar.gz, here; - is standard output)')
    .action(
      onPlatform<DownloadOptions, [string, string?]>(async (client, options, wanted, path = '') => {
        const id = await resolveConversation(client, wanted);
        const name = (basename(path) || wanted).replace(/[^A-Za-z0-9._-]+/g, '-');
        await saveAnswer(options, await client.files.archive(id, path), options.output ?? `${name}.tar.gz`);
      }),
    );
}
