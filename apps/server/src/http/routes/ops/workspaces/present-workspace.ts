import type { Workspace } from '@aaas/contract/workspaces';
import { z } from 'zod';
import type { WorkspaceView } from '../../../../access/workspaces/find-workspaces.ts';

export const WorkspaceParams = z.object({ workspace_id: z.string().max(128) });

export function presentWorkspace(workspace: WorkspaceView): Workspace {
  return {
    id: workspace.id,
    name: workspace.name,
    test: workspace.test,
    test_of: workspace.testOf,
    simulated: workspace.simulated,
    created_at: workspace.createdAt.toISOString(),
    archived_at: workspace.archivedAt?.toISOString() ?? null,
  };
}
