import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { moment } from '../../output/figures.ts';
import { type Columns, printList, take } from '../../output/print-list.ts';
import { style } from '../../output/style.ts';
import { cell } from '../../output/table.ts';
import { wholeNumber } from '../../read-option.ts';

type Entry = Schema<'AuditEntry'>;
interface ListAuditOptions extends GlobalOptions {
  operation?: string;
  key?: string;
  resource?: string;
  outcome?: Entry['outcome'];
  since?: string;
  until?: string;
  platform?: boolean;
  most: number;
}

const PAGE = 100;
const COLOURS = { success: null, replayed: null, failed: 'yellow', denied: 'red' } as const;

const COLUMNS: Columns<Entry> = {
  SEQ: ({ seq }) => String(seq),
  AT: ({ at }) => moment(at),
  OPERATION: ({ operation }) => cell(operation),
  OUTCOME: ({ outcome, error_code }) => outcomeOf(outcome, error_code),
  WHAT: ({ resource_id }) => cell(resource_id),
  KEY: ({ key_name, key_hint }) => cell(key_name ?? key_hint),
  FROM: ({ client_address }) => cell(client_address),
};

export function listAuditCommand(audit: Command): void {
  audit
    .command('list')
    .description('list what was done, newest first')
    .option('--operation <name>', 'only this one, such as agents.create')
    .option('--key <id>', 'only what was done with this key')
    .option('--resource <id>', 'only what was done to this')
    .option('--outcome <outcome>', 'only success, failed, denied or replayed')
    .option('--since <time>', 'from then on, such as 2026-01-31T12:00:00Z')
    .option('--until <time>', 'before then')
    .option('--platform', 'requests that name no workspace, such as those with a wrong key')
    .option('--most <n>', 'no more than so many', wholeNumber, PAGE)
    .action(
      onPlatform<ListAuditOptions>((client, options) => {
        const { operation, key: key_id, resource, outcome, since, until, most } = options;
        const chain = options.platform ? ('platform' as const) : undefined;
        const limit = Math.min(most, PAGE) || 1;
        const found = client.audit.list({ operation, key_id, resource, outcome, since, until, chain, limit });
        return printList(options, take(found, most), COLUMNS, 'Nothing like that was done.');
      }),
    );
}

function outcomeOf(outcome: Entry['outcome'], errorCode: string | null): string {
  const text = errorCode === null ? outcome : `${outcome}: ${cell(errorCode)}`;
  const colour = COLOURS[outcome];
  return colour === null ? text : style(colour, text);
}
