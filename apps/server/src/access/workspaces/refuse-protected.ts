import { ApiError } from '@aaas/contract/errors';
import { DEFAULT_WORKSPACE } from '../default-workspace.ts';
import type { WorkspaceView } from './find-workspaces.ts';

/** @throws workspace_protected for a test side: it goes with its workspace. */
export function refuseTestSide({ id, testOf }: WorkspaceView): void {
  if (testOf === null) return;
  throw new ApiError('workspace_protected', `${id} is the test side of ${testOf}. Change that; it follows.`);
}

/** @throws workspace_protected for the workspace that holds the keys of the platform. */
export function refuseDefault({ id }: WorkspaceView): void {
  if (id !== DEFAULT_WORKSPACE) return;
  throw new ApiError('workspace_protected', `${id} holds the keys of the platform and cannot be archived.`);
}
