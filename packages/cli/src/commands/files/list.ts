import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { resolveConversation } from '../../connection/resolve-agent.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { bytes, moment } from '../../output/figures.ts';
import { type Columns, printList } from '../../output/print-list.ts';
import { cell } from '../../output/table.ts';

interface ListFilesOptions extends GlobalOptions {
  recursive?: boolean;
}

const PAGE = 1_000;
const MARKS = { directory: '/', symlink: ' →', other: ' ?', file: '' } as const;

const COLUMNS: Columns<Schema<'FileEntry'>> = {
  MODE: ({ mode }) => mode,
  SIZE: ({ type, size_bytes }) => (type === 'file' ? bytes(size_bytes) : '–'),
  CHANGED: ({ modified_at }) => moment(modified_at),
  NAME: ({ name, path, type, target }) => `${cell(path ?? name)}${MARKS[type]}${target ? ` ${cell(target)}` : ''}`,
};

export function listFilesCommand(files: Command): void {
  files
    .command('ls <agent> [path]')
    .description('list a directory')
    .option('-r, --recursive', 'also what is in its directories')
    .action(
      onPlatform<ListFilesOptions, [string, string?]>(async (client, options, wanted, path = '') => {
        const id = await resolveConversation(client, wanted);
        const entries = client.files.list(id, path, { limit: PAGE, ...(options.recursive && { recursive: true }) });
        await printList(
          options,
          entries,
          COLUMNS,
          `Nothing is there. Put a file with: aaas files put ${wanted} <file>`,
        );
      }),
    );
}
