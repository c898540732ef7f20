import type { Command } from 'commander';
import { resolveConversation } from '../../connection/resolve-agent.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';

interface MoveOptions extends GlobalOptions {
  overwrite?: boolean;
}
interface RemoveOptions extends GlobalOptions {
  recursive?: boolean;
}

export function changeFilesCommands(files: Command): void {
  files
    .command('mkdir <agent> <path>')
    .description('make a directory, and those above it')
    .action(
      onPlatform(async (client, options, wanted: string, path: string) => {
        const id = await resolveConversation(client, wanted);
        const entry = await client.files.makeDirectory(id, path);
        printAnswer(options, entry, `${entry.path}/: it is there.`);
      }),
    );
  files
    .command('mv <agent> <from> <to>')
    .description('move or rename a file, a link or a directory')
    .option('--overwrite', 'a file at the new path is replaced')
    .action(
      onPlatform<MoveOptions>(async (client, options, wanted: string, from: string, to: string) => {
        const id = await resolveConversation(client, wanted);
        const entry = await client.files.move(id, { from, to, overwrite: options.overwrite });
        printAnswer(options, entry, `${from} is now ${entry.path}.`);
      }),
    );
  files
    .command('rm <agent> <path>')
    .description('remove a file, a link or an empty directory')
    .option('-r, --recursive', 'a directory with everything in it')
    .action(
      onPlatform<RemoveOptions>(async (client, options, wanted: string, path: string) => {
        const id = await resolveConversation(client, wanted);
        await client.files.delete(id, path, options.recursive ? { recursive: true } : {});
        printAnswer(options, { path, deleted: true }, `${path} is gone.`);
      }),
    );
}
