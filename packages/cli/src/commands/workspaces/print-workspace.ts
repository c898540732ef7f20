import type { Schema } from '@aaas/client/operations/operation-types';
import { moment } from '../../output/figures.ts';
import { printThing } from '../../output/print-answer.ts';

export function printWorkspace(workspace: Schema<'Workspace'>): void {
  printThing(workspace.name, workspace.id, {
    side: workspace.test ? `test side of ${workspace.test_of}` : 'live',
    model: workspace.simulated ? 'simulated' : 'as the platform has it',
    created: moment(workspace.created_at),
    archived: workspace.archived_at && moment(workspace.archived_at),
  });
}
