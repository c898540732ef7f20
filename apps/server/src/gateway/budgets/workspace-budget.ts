import type { WorkspaceLimits } from '@aaas/contract/budgets';
import type { Pool } from 'pg';
import type { BudgetLine } from './budget-line.ts';
import { findLines } from './find-lines.ts';

/** Who sets limits of a workspace: itself, or the operator of the platform, whose limits are its ceiling. */
export type Setter = 'workspace' | 'platform';

export interface WorkspaceSpend {
  day_nanousd: number;
  month_nanousd: number;
  total_nanousd: number;
  day_tokens: number;
  month_tokens: number;
  total_tokens: number;
}

export interface WorkspaceBudgetView {
  limits: Record<Setter, WorkspaceLimits>;
  lines: BudgetLine[];
  spend: WorkspaceSpend;
}

const LIMITS = {
  name: 'budgets.of-workspace',
  text: `select w.id, coalesce((select b.limits from budgets b where b.workspace_id = w.id and b.set_by = 'workspace'), '{}') as workspace,
                coalesce((select b.limits from budgets b where b.workspace_id = w.id and b.set_by = 'platform'), '{}') as platform
           from workspaces w where w.id = $1`,
};

const SPEND = {
  name: 'budgets.spend-of-workspace',
  text: `
    select coalesce(sum(day_nanousd) filter (where day = today), 0)::bigint as day_nanousd,
           coalesce(sum(day_tokens) filter (where day = today), 0)::bigint as day_tokens,
           coalesce(sum(month_nanousd) filter (where month = date_trunc('month', today)::date), 0)::bigint as month_nanousd,
           coalesce(sum(month_tokens) filter (where month = date_trunc('month', today)::date), 0)::bigint as month_tokens,
           coalesce(sum(total_nanousd), 0)::bigint as total_nanousd, coalesce(sum(total_tokens), 0)::bigint as total_tokens
      from spend cross join (select ($2::timestamptz at time zone 'UTC')::date as today) t
     where scope_id = $1`,
};

/** The limits of a workspace and what it has spent; null when there is no such workspace. */
export async function findWorkspaceBudget(
  pool: Pool,
  workspaceId: string,
  now: Date,
): Promise<WorkspaceBudgetView | null> {
  const limits = (await pool.query<Record<Setter, WorkspaceLimits>>({ ...LIMITS, values: [workspaceId] })).rows[0];
  if (!limits) return null;
  const lines = await findLines(pool, { workspaceId, agentId: null }, now);
  const spend = (await pool.query<WorkspaceSpend>({ ...SPEND, values: [workspaceId, now] })).rows[0] as WorkspaceSpend;
  return { limits: { workspace: limits.workspace, platform: limits.platform }, lines, spend };
}

const SET = {
  name: 'budgets.set',
  text: `insert into budgets (workspace_id, set_by, limits, updated_at, updated_by)
         select id, $2, $3, $4, $5 from workspaces where id = $1
         on conflict (workspace_id, set_by)
         do update set limits = excluded.limits, updated_at = excluded.updated_at, updated_by = excluded.updated_by`,
};

/** Replaces the limits that one of the two has set; those of the other stay. In force within two seconds. */
export async function setWorkspaceBudget(
  pool: Pool,
  of: { workspaceId: string; setBy: Setter; keyId: string },
  limits: WorkspaceLimits,
  now: Date,
): Promise<void> {
  await pool.query({ ...SET, values: [of.workspaceId, of.setBy, limits, now, of.keyId] });
}

const CLEAR = { name: 'budgets.clear', text: 'delete from budgets where workspace_id = $1 and set_by = $2' };

export async function clearWorkspaceBudget(pool: Pool, workspaceId: string, setBy: Setter): Promise<void> {
  await pool.query({ ...CLEAR, values: [workspaceId, setBy] });
}
