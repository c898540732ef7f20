import type { Api, App } from '../../../api.ts';
import { clearBudget } from './clear-budget.ts';
import { clearCeiling } from './clear-ceiling.ts';
import { getBudget } from './get-budget.ts';
import { getCeiling } from './get-ceiling.ts';
import { setBudget } from './set-budget.ts';
import { setCeiling } from './set-ceiling.ts';

export function budgetRoutes(app: App, api: Api): void {
  for (const route of [getBudget, setBudget, clearBudget]) route(app, api);
  for (const route of [getCeiling, setCeiling, clearCeiling]) route(app, api);
}
