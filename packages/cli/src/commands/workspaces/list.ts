import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { moment } from '../../output/figures.ts';
import { type Columns, printList } from '../../output/print-list.ts';
import { cell } from '../../output/table.ts';

interface ListWorkspacesOptions extends GlobalOptions {
  archived?: boolean;
}

const PAGE = 100;

const COLUMNS: Columns<Schema<'Workspace'>> = {
  NAME: ({ name }) => cell(name),
  SIDE: ({ test_of }) => (test_of === null ? 'live' : `test of ${test_of}`),
  CREATED: ({ created_at }) => moment(created_at),
  ARCHIVED: ({ archived_at }) => moment(archived_at),
  ID: ({ id }) => id,
};

export function listWorkspacesCommand(workspaces: Command): void {
  workspaces
    .command('list')
    .description('list the workspaces of the platform')
    .option('--archived', 'also those that are archived')
    .action(
      onPlatform<ListWorkspacesOptions>((client, options) => {
        const found = client.workspaces.list({ limit: PAGE, ...(options.archived && { archived: 'true' }) });
        return printList(options, found, COLUMNS, 'No workspaces. Make one with: aaas workspaces create <name>');
      }),
    );
}
