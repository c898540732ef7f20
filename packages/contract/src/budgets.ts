import { z } from 'zod';

const usd = z
  .number()
  .min(0)
  .max(1_000_000)
  .describe('US dollars, exact to 9 digits after the point. 0 lets nothing through.');
const tokens = z
  .int()
  .min(0)
  .max(1_000_000_000_000)
  .describe('Tokens of every kind: input, output, read from and written to the prompt cache. 0 lets nothing through.');

/** Limits of an agent. Days are UTC. */
export const AgentBudget = z
  .strictObject({
    per_turn_usd: usd.optional(),
    per_day_usd: usd.optional(),
    total_usd: usd.optional(),
    per_turn_tokens: tokens.optional(),
    per_day_tokens: tokens.optional(),
    total_tokens: tokens.optional(),
  })
  .meta({ id: 'AgentBudget' });
export type AgentBudget = z.infer<typeof AgentBudget>;

/** Limits of a workspace. Days and months are UTC. */
export const WorkspaceLimits = z
  .strictObject({
    per_day_usd: usd.optional(),
    per_month_usd: usd.optional(),
    total_usd: usd.optional(),
    per_day_tokens: tokens.optional(),
    per_month_tokens: tokens.optional(),
    total_tokens: tokens.optional(),
  })
  .refine((limits) => Object.values(limits).some((limit) => limit !== undefined), {
    message: 'must name at least one limit; DELETE removes them all',
  })
  .meta({ id: 'WorkspaceLimits' });
export type WorkspaceLimits = z.infer<typeof WorkspaceLimits>;

/** How far a limit is used up. */
export const BudgetState = z
  .object({
    scope: z.enum(['workspace', 'agent', 'turn']),
    set_by: z.enum(['workspace', 'platform', 'agent']).describe('platform: the ceiling of the operator.'),
    period: z.enum(['turn', 'day', 'month', 'total']),
    unit: z.enum(['usd', 'tokens']),
    limit: z.number(),
    spent: z.number(),
    exhausted: z.boolean(),
    resets_at: z.iso.datetime().nullable().describe('When the period ends; null: it does not end by itself.'),
  })
  .meta({ id: 'BudgetState' });
export type BudgetState = z.infer<typeof BudgetState>;

export const WorkspaceBudget = z
  .object({
    workspace_id: z.string(),
    limits: z.record(z.string(), z.number()).describe('Set by the workspace itself.'),
    ceiling: z.record(z.string(), z.number()).describe('Set by the operator of the platform. Both hold.'),
    states: z.array(BudgetState),
    spent: z.object({
      day_usd: z.number(),
      month_usd: z.number(),
      total_usd: z.number(),
      day_tokens: z.number(),
      month_tokens: z.number(),
      total_tokens: z.number(),
    }),
  })
  .meta({ id: 'WorkspaceBudget' });
export type WorkspaceBudget = z.infer<typeof WorkspaceBudget>;

/** Percent of a limit at which a warning is given. */
export const BUDGET_THRESHOLDS = [50, 80, 100] as const;

/** Body of `x.budget_warning`, once for each threshold, limit and period. Amounts are in USD, or `…_tokens`. */
export interface BudgetWarning {
  scope: 'workspace' | 'agent' | 'turn';
  period: 'turn' | 'day' | 'month' | 'total';
  threshold: number;
  limit_usd?: number;
  spent_usd?: number;
  limit_tokens?: number;
  spent_tokens?: number;
}

/** Body of `x.budget_exceeded`: a model request of the turn was refused, and the turn ends. */
export interface BudgetExceeded extends Omit<BudgetWarning, 'threshold'> {
  message: string;
}
