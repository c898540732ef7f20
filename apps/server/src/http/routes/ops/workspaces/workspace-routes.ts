import type { Api, App } from '../../../api.ts';
import { archiveWorkspace } from './archive-workspace.ts';
import { createWorkspace } from './create-workspace.ts';
import { currentWorkspace } from './current-workspace.ts';
import { getWorkspace } from './get-workspace.ts';
import { listWorkspaces } from './list-workspaces.ts';
import { renameWorkspace } from './rename-workspace.ts';

export function workspaceRoutes(app: App, api: Api): void {
  for (const route of [createWorkspace, listWorkspaces, currentWorkspace, getWorkspace]) route(app, api);
  for (const route of [renameWorkspace, archiveWorkspace]) route(app, api);
}
