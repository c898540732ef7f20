import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { resolveConversation } from '../connection/resolve-agent.ts';
import { onPlatform } from '../on-platform.ts';
import { moment } from '../output/figures.ts';
import { type Columns, printList } from '../output/print-list.ts';
import { styledStatus } from '../output/styled-status.ts';
import { cell } from '../output/table.ts';

const PAGE = 100;

const COLUMNS: Columns<Schema<'LifecycleStep'>> = {
  AT: ({ at }) => moment(at),
  FROM: ({ from }) => from,
  TO: ({ to }) => styledStatus(to),
  WHY: ({ reason }) => reason,
  DETAIL: ({ detail }) => cell(detail),
};

export function timelineCommand(program: Command): void {
  program
    .command('timeline <agent>')
    .description('show the states of an agent or a session, each with its reason')
    .action(
      onPlatform(async (client, options, wanted: string) => {
        const id = await resolveConversation(client, wanted);
        await printList(
          options,
          client.events.timeline(id, { limit: PAGE }),
          COLUMNS,
          'Nothing has happened to it yet.',
        );
      }),
    );
}
