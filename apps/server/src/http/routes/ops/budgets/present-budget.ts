import type { WorkspaceBudget } from '@aaas/contract/budgets';
import { ApiError } from '@aaas/contract/errors';
import { z } from 'zod';
import { findWorkspaceBudget } from '../../../../gateway/budgets/workspace-budget.ts';
import type { Api } from '../../../api.ts';
import { presentLine } from './present-line.ts';

export const WorkspaceParams = z.object({ workspace_id: z.string().max(128) });

const NANO = 1e9;
const ID = /^[A-Za-z0-9_]{1,128}$/;

/** The limits of a workspace as they now stand. @throws not_found */
export async function presentBudget(api: Api, workspaceId: string): Promise<WorkspaceBudget> {
  const found = ID.test(workspaceId) ? await findWorkspaceBudget(api.ctx.pool, workspaceId, api.ctx.now()) : null;
  if (!found) throw new ApiError('not_found', `There is no workspace ${workspaceId.slice(0, 128)}.`);
  const { limits, lines, spend } = found;
  return {
    workspace_id: workspaceId,
    limits: limits.workspace as Record<string, number>,
    ceiling: limits.platform as Record<string, number>,
    states: lines.map(presentLine),
    spent: {
      day_usd: spend.day_nanousd / NANO,
      month_usd: spend.month_nanousd / NANO,
      total_usd: spend.total_nanousd / NANO,
      day_tokens: spend.day_tokens,
      month_tokens: spend.month_tokens,
      total_tokens: spend.total_tokens,
    },
  };
}
