import type { UpdateWebhookRequest } from '@aaas/contract/webhooks';
import type { Pool } from 'pg';
import { WEBHOOK_VIEW, type WebhookView } from './webhook.ts';

// Another address, and being switched on again, begin anew: what failed before is no longer held against it.
const UPDATE = `
  update webhooks w
     set url = coalesce($3, w.url), events = coalesce($4, w.events),
         description = case when $5 then $6 else w.description end,
         agent_ids = case when $7 then $8::text[] else w.agent_ids end,
         include_response = coalesce($9, w.include_response),
         enabled = coalesce($10, w.enabled),
         disabled_reason = case when $10 then null when not $10 and w.enabled then 'request' else w.disabled_reason end,
         disabled_at = case when $10 then null when not $10 and w.enabled then now() else w.disabled_at end,
         failing_since = case when $10 or $3 <> w.url then null else w.failing_since end,
         updated_at = now()
   where w.workspace_id = $1 and w.id = $2
  returning ${WEBHOOK_VIEW}`;

/** Changes what the wish names; null when there is no such webhook in the workspace. */
export async function updateWebhook(
  pool: Pool,
  workspaceId: string,
  id: string,
  wish: UpdateWebhookRequest,
): Promise<WebhookView | null> {
  const { rows } = await pool.query<WebhookView>(UPDATE, [
    workspaceId,
    id,
    wish.url ?? null,
    wish.events ?? null,
    wish.description !== undefined,
    wish.description ?? null,
    wish.agent_ids !== undefined,
    wish.agent_ids ?? null,
    wish.include_response ?? null,
    wish.enabled ?? null,
  ]);
  return rows[0] ?? null;
}
