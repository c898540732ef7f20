import type { DELIVERY_STATES } from '@aaas/contract/webhooks';
import type { Pool } from 'pg';

export type DeliveryState = (typeof DELIVERY_STATES)[number];

export interface AttemptView {
  deliveryId: string;
  number: number;
  at: Date;
  durationMs: number;
  status: number | null;
  error: string | null;
  response: string | null;
}

export interface DeliveryView {
  id: string;
  seq: number;
  webhookId: string;
  type: string;
  state: DeliveryState;
  attemptsCount: number;
  nextAttemptAt: Date | null;
  createdAt: Date;
  endedAt: Date | null;
  /** The last ones, oldest first. */
  attempts: AttemptView[];
}

/** With what is sent. */
export interface DeliveryDetail extends DeliveryView {
  body: string;
}

const ATTEMPTS_SHOWN = 20;
const VIEW = `d.id, d.seq, d.webhook_id as "webhookId", d.type, d.state, d.attempts as "attemptsCount",
  d.next_attempt_at as "nextAttemptAt", d.created_at as "createdAt", d.ended_at as "endedAt"`;

/** Newest first. */
export async function listDeliveries(
  pool: Pool,
  webhook: { workspaceId: string; webhookId: string },
  page: { state: DeliveryState | undefined; type: string | undefined; after: string | undefined; limit: number },
): Promise<DeliveryView[]> {
  const { rows } = await pool.query<DeliveryView>(
    `select ${VIEW} from webhook_deliveries d
      where d.workspace_id = $1 and d.webhook_id = $2 and ($3::text is null or d.state = $3)
        and ($4::text is null or d.type = $4) and ($5::text is null or d.id < $5)
      order by d.id desc limit $6`,
    [webhook.workspaceId, webhook.webhookId, page.state ?? null, page.type ?? null, page.after ?? null, page.limit],
  );
  return withAttempts(pool, webhook.workspaceId, rows);
}

export async function findDelivery(
  pool: Pool,
  webhook: { workspaceId: string; webhookId: string },
  deliveryId: string,
): Promise<DeliveryDetail | null> {
  const { rows } = await pool.query<DeliveryDetail>(
    `select ${VIEW}, d.body from webhook_deliveries d where d.workspace_id = $1 and d.webhook_id = $2 and d.id = $3`,
    [webhook.workspaceId, webhook.webhookId, deliveryId],
  );
  return (await withAttempts(pool, webhook.workspaceId, rows))[0] ?? null;
}

async function withAttempts<T extends DeliveryView>(pool: Pool, workspaceId: string, found: T[]): Promise<T[]> {
  if (found.length === 0) return [];
  const { rows } = await pool.query<AttemptView>(
    `select "deliveryId", number, at, "durationMs", status, error, response
       from (select a.delivery_id as "deliveryId", a.number, a.at, a.duration_ms as "durationMs", a.status, a.error,
                    a.response, row_number() over (partition by a.delivery_id order by a.number desc) as back
               from webhook_attempts a where a.workspace_id = $1 and a.delivery_id = any ($2::text[])) a
      where back <= ${ATTEMPTS_SHOWN} order by number`,
    [workspaceId, found.map((delivery) => delivery.id)],
  );
  return found.map((delivery) => ({ ...delivery, attempts: rows.filter((row) => row.deliveryId === delivery.id) }));
}
