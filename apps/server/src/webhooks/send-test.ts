import { WEBHOOK_TEST_EVENT } from '@aaas/contract/webhooks';
import type { Pool } from 'pg';

/** Adds a test event for one webhook, whatever it listens to. It is tried once. @returns the id of its delivery. */
export async function sendTest(pool: Pool, workspaceId: string, webhookId: string): Promise<string | null> {
  const { rows } = await pool.query<{ id: string }>(
    `with target as materialized (
       select w.id as webhook, webhook_delivery_id(now()) as id, nextval('webhook_delivery_seq') as seq
         from webhooks w where w.workspace_id = $1 and w.id = $2 and w.enabled
     )
     insert into webhook_deliveries (id, seq, webhook_id, workspace_id, type, body, next_attempt_at, created_at, job_id)
     select target.id, target.seq, target.webhook, $1, $3,
            json_build_object('id', target.id, 'seq', target.seq, 'type', $3::text, 'timestamp', webhook_time(now()),
                              'data', json_build_object('webhook_id', target.webhook,
                                                        'message', 'A test: the address and the secret are right.'))::text,
            now(), now(), webhook_job(target.id, now(), 0)
       from target
     returning id`,
    [workspaceId, webhookId, WEBHOOK_TEST_EVENT],
  );
  return rows[0]?.id ?? null;
}
