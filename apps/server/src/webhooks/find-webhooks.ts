import type { Pool } from 'pg';
import { WEBHOOK_VIEW, type WebhookView } from './webhook.ts';

export async function findWebhook(pool: Pool, workspaceId: string, id: string): Promise<WebhookView | null> {
  const { rows } = await pool.query<WebhookView>(
    `select ${WEBHOOK_VIEW} from webhooks w where w.workspace_id = $1 and w.id = $2`,
    [workspaceId, id],
  );
  return rows[0] ?? null;
}

/** Newest first. `after` is the id of the last one of the page before. */
export async function listWebhooks(
  pool: Pool,
  workspaceId: string,
  page: { after: string | undefined; limit: number },
): Promise<WebhookView[]> {
  const { rows } = await pool.query<WebhookView>(
    `select ${WEBHOOK_VIEW} from webhooks w where w.workspace_id = $1 and ($2::text is null or w.id < $2)
      order by w.id desc limit $3`,
    [workspaceId, page.after ?? null, page.limit],
  );
  return rows;
}
