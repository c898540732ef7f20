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
  START: ({ start }) => (start ? cell(startText(start)) : ''),
  DETAIL: ({ detail }) => cell(detail),
};

/** `cold (own_env): directory 12, spawn 20, handshake 410 ms`, or the step in which it failed. */
function startText({ kind, miss, steps, failed_step: failed, hint }: Schema<'StartReport'>): string {
  const why = miss === null ? kind : `${kind} (${miss})`;
  if (failed !== null) return `${why}: failed in ${failed}${hint === null ? '' : `. ${hint}`}`;
  const took = Object.entries(steps).map(
    ([step, ms]) => `${step.replace(/_ms$/, '').replace('_', ' ')} ${Math.round(ms)}`,
  );
  return `${why}: ${took.join(', ')} ms`;
}

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
