import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { ago, count, dollars } from '../../output/figures.ts';
import { type Columns, printList } from '../../output/print-list.ts';
import { styledStatus } from '../../output/styled-status.ts';
import { cell } from '../../output/table.ts';
import { pair } from '../../read-option.ts';
import { metadataParam } from '../metadata-param.ts';

interface ListOptions extends GlobalOptions {
  status?: string[];
  type?: string[];
  model?: string[];
  search?: string;
  metadata?: Record<string, string>;
}

const PAGE = 100;

const COLUMNS: Columns<Schema<'Agent'>> = {
  NAME: (agent) => cell(agent.config.name),
  STATUS: (agent) => styledStatus(agent.status),
  SINCE: (agent) => ago(agent.status_since),
  TYPE: (agent) => agent.config.agent_type,
  MESSAGES: (agent) => count(agent.messages_count),
  COST: (agent) => dollars(agent.usage.cost_usd),
  ID: (agent) => agent.id,
};

export function listCommand(agents: Command): void {
  agents
    .command('list')
    .description('list agents, newest first')
    .option('--status <status...>', 'only those in this status; may be repeated')
    .option('--type <type...>', 'only those of this type')
    .option('--model <model...>', 'only those with this model')
    .option('--search <text>', 'only those with this in their name')
    .option('--metadata <K=V>', 'only those with this pair; may be repeated', pair)
    .action(
      onPlatform<ListOptions>((client, options) => {
        const { status, type, model, search, metadata } = options;
        const asked = { status, agent_type: type, model, q: search, metadata: metadataParam(metadata), limit: PAGE };
        const isAll = Object.keys(options).every((name) => !(name in asked) && name !== 'type' && name !== 'search');
        const empty = isAll ? 'No agents. Deploy one with: aaas agents create' : 'No agents like that.';
        return printList(options, client.agents.list(asked), COLUMNS, empty);
      }),
    );
}
