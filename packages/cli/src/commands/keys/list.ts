import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { ago, moment } from '../../output/figures.ts';
import { shorten } from '../../output/one-line.ts';
import { type Columns, printList } from '../../output/print-list.ts';
import { cell } from '../../output/table.ts';

interface ListKeysOptions extends GlobalOptions {
  test?: boolean;
  status?: Schema<'Key'>['status'];
}

const PAGE = 100;
const SCOPES_SHOWN = 40;

const COLUMNS: Columns<Schema<'Key'>> = {
  NAME: ({ name }) => cell(name),
  STATUS: ({ status }) => status,
  KEY: ({ hint }) => cell(hint),
  'LAST USED': ({ last_used_at }) => (last_used_at === null ? 'never' : `${ago(last_used_at)} ago`),
  EXPIRES: ({ expires_at }) => moment(expires_at, 'never'),
  SCOPES: ({ scopes }) => shorten(cell(scopes.join(' ')), SCOPES_SHOWN),
  ID: ({ id }) => id,
};

export function listKeysCommand(keys: Command): void {
  keys
    .command('list')
    .description('list the keys of the workspace')
    .option('--test', 'those of its test side')
    .option('--status <status>', 'only active, expired or revoked ones')
    .action(
      onPlatform<ListKeysOptions>((client, options) => {
        const { status } = options;
        const found = client.keys.list({ status, limit: PAGE, ...(options.test && { test: 'true' }) });
        return printList(
          options,
          found,
          COLUMNS,
          `No keys. Make one with: aaas keys create <name>${options.test ? ' --test' : ''}`,
        );
      }),
    );
}
