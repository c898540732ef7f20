import { ApiError } from '@aaas/contract/errors';
import { newId } from '@aaas/contract/ids';
import type { CreateWebhookRequest } from '@aaas/contract/webhooks';
import type { Pool } from 'pg';
import { transaction } from '../postgres/transaction.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { newSigningSecret } from './signing-secret.ts';
import { secretPlace, WEBHOOK_VIEW, type WebhookView } from './webhook.ts';

/**
 * Stores a webhook whose address has been checked.
 * @returns it with its secret, which is never shown again. @throws too_many_webhooks
 */
export async function createWebhook(
  { pool, keyring }: { pool: Pool; keyring: Keyring },
  workspaceId: string,
  wish: CreateWebhookRequest,
  max: number,
): Promise<{ webhook: WebhookView; secret: string }> {
  const id = newId('wh');
  const secret = newSigningSecret();
  const sealed = keyring.seal(secret, secretPlace('secret', id, workspaceId));
  const webhook = await transaction(pool, async (db) => {
    // Two at once must not both be the last one allowed.
    await db.query('select 1 from workspaces where id = $1 for no key update', [workspaceId]);
    const { rows } = await db.query<WebhookView>(
      `insert into webhooks as w (id, workspace_id, url, description, events, agent_ids, include_response, secret,
                                  enabled, disabled_reason, disabled_at)
       select $1, $2, $3, $4, $5, $6, $7, $8, $9, case when not $9 then 'request' end, case when not $9 then now() end
        where (select count(*) from webhooks where workspace_id = $2) < $10
       returning ${WEBHOOK_VIEW}`,
      [
        id,
        workspaceId,
        wish.url,
        wish.description,
        wish.events,
        wish.agent_ids,
        wish.include_response,
        sealed,
        wish.enabled,
        max,
      ],
    );
    return rows[0];
  });
  if (!webhook)
    throw new ApiError('too_many_webhooks', `A workspace may have ${max} webhooks. Delete one that is not needed.`);
  return { webhook, secret };
}
