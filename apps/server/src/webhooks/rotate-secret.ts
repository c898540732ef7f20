import type { Pool } from 'pg';
import { transaction } from '../postgres/transaction.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { newSigningSecret } from './signing-secret.ts';
import { secretPlace, WEBHOOK_VIEW, type WebhookView } from './webhook.ts';

/**
 * Gives a webhook a new secret. The old one signs beside it for `overlapSeconds`, so that receivers can change over;
 * one from before that is forgotten.
 */
export async function rotateSecret(
  { pool, keyring }: { pool: Pool; keyring: Keyring },
  workspaceId: string,
  id: string,
  overlapSeconds: number,
): Promise<{ webhook: WebhookView; secret: string } | null> {
  const secret = newSigningSecret();
  const webhook = await transaction(pool, async (db) => {
    const found = await db.query<{ secret: string }>(
      'select secret from webhooks where workspace_id = $1 and id = $2 for update',
      [workspaceId, id],
    );
    const old = found.rows[0]?.secret;
    if (!old) return null;
    const previous =
      overlapSeconds === 0
        ? null
        : keyring.seal(
            keyring.open(old, secretPlace('secret', id, workspaceId)),
            secretPlace('previous_secret', id, workspaceId),
          );
    const { rows } = await db.query<WebhookView>(
      `update webhooks w set secret = $3, previous_secret = $4, updated_at = now(),
              previous_secret_until = case when $4::text is not null then now() + make_interval(secs => $5) end
        where w.workspace_id = $1 and w.id = $2 returning ${WEBHOOK_VIEW}`,
      [workspaceId, id, keyring.seal(secret, secretPlace('secret', id, workspaceId)), previous, overlapSeconds],
    );
    return rows[0] ?? null;
  });
  return webhook && { webhook, secret };
}
