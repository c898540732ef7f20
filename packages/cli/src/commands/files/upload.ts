import { basename } from 'node:path';
import type { Command } from 'commander';
import { resolveConversation } from '../../connection/resolve-agent.ts';
import { fileBody } from '../../file-body.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { bytes, count } from '../../output/figures.ts';
import { printAnswer } from '../../output/print-answer.ts';
import { progress } from '../../output/progress.ts';

interface PutOptions extends GlobalOptions {
  mode?: string;
}

export function uploadCommands(files: Command): void {
  files
    .command('put <agent> <file> [path]')
    .description('write a file; - reads standard input, and then the path is needed')
    .option('--mode <octal>', 'permission bits, such as 755')
    .action(
      onPlatform<PutOptions, [string, string, string?]>(async (client, options, wanted, file, path) => {
        const content = await fileBody(file);
        const id = await resolveConversation(client, wanted);
        const target = path === undefined || path.endsWith('/') ? `${path ?? ''}${basename(file)}` : path;
        const shown = progress('sending');
        shown.say(`${file}, ${bytes(content.size)}`);
        const mode = options.mode === undefined ? {} : { mode: options.mode };
        const entry = await client.files.write(id, target, content, mode).finally(shown.end);
        printAnswer(options, entry, `${entry.path}: ${bytes(entry.size_bytes)}.`);
      }),
    );
  files
    .command('unpack <agent> <archive> [path]')
    .description('put what is in a .tar.gz into a directory')
    .action(
      onPlatform<GlobalOptions, [string, string, string?]>(async (client, options, wanted, file, path = '') => {
        const content = await fileBody(file);
        const id = await resolveConversation(client, wanted);
        const shown = progress('sending');
        shown.say(`${file}, ${bytes(content.size)}`);
        const result = await client.files.unpack(id, path, content).finally(shown.end);
        printAnswer(options, result, `/${result.path}: ${count(result.files)} files, ${bytes(result.size_bytes)}.`);
      }),
    );
}
