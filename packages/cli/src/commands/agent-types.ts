import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { onPlatform } from '../on-platform.ts';
import { type Columns, printList } from '../output/print-list.ts';
import { cell } from '../output/table.ts';

const COLUMNS: Columns<Schema<'AgentType'>> = {
  TYPE: ({ name }) => name,
  TITLE: ({ title }) => cell(title),
  TOOLS: ({ tools }) => cell(tools.join(' ')),
  PERMISSIONS: ({ permission_mode }) => permission_mode,
};

export function agentTypesCommand(program: Command): void {
  program
    .command('agent-types')
    .description('list the types an agent can be of')
    .action(onPlatform((client, options) => printList(options, client.agentTypes.list(), COLUMNS, 'No types.')));
}
