import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { resolveAgent } from '../../connection/resolve-agent.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { ago, count, dollars } from '../../output/figures.ts';
import { type Columns, printList } from '../../output/print-list.ts';
import { styledStatus } from '../../output/styled-status.ts';
import { cell } from '../../output/table.ts';
import { pair } from '../../read-option.ts';
import { metadataParam } from '../metadata-param.ts';

interface ListSessionsOptions extends GlobalOptions {
  agent?: string;
  status?: string[];
  metadata?: Record<string, string>;
}

const PAGE = 100;

const COLUMNS: Columns<Schema<'Session'>> = {
  TITLE: ({ title, main }) => (main ? '(main)' : cell(title)),
  STATUS: ({ status }) => styledStatus(status),
  SINCE: ({ status_since }) => ago(status_since),
  MESSAGES: ({ messages_count }) => count(messages_count),
  COST: ({ usage }) => dollars(usage.cost_usd),
  AGENT: ({ agent_id }) => agent_id,
  ID: ({ id }) => id,
};

export function listSessionsCommand(sessions: Command): void {
  sessions
    .command('list')
    .description('list sessions, newest first')
    .option('--agent <agent>', 'only those of this agent')
    .option('--status <status...>', 'only those in this status; may be repeated')
    .option('--metadata <K=V>', 'only those with this pair; may be repeated', pair)
    .action(
      onPlatform<ListSessionsOptions>(async (client, options) => {
        const agent_id = options.agent === undefined ? undefined : (await resolveAgent(client, options.agent)).id;
        const asked = { agent_id, status: options.status, metadata: metadataParam(options.metadata), limit: PAGE };
        const empty = 'No sessions. Begin one with: aaas sessions create <agent>';
        await printList(options, client.sessions.list(asked), COLUMNS, empty);
      }),
    );
}
