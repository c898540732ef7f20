import type { Webhook, WebhookAttempt, WebhookDelivery } from '@aaas/contract/webhooks';
import type { AttemptView, DeliveryView } from '../../../../webhooks/find-deliveries.ts';
import type { WebhookView } from '../../../../webhooks/webhook.ts';

export function presentWebhook(view: WebhookView): Webhook {
  return {
    id: view.id,
    url: view.url,
    events: view.events,
    description: view.description,
    enabled: view.enabled,
    agent_ids: view.agentIds,
    include_response: view.includeResponse,
    disabled_reason: view.disabledReason,
    disabled_at: view.disabledAt?.toISOString() ?? null,
    failing_since: view.failingSince?.toISOString() ?? null,
    last_success_at: view.lastSuccessAt?.toISOString() ?? null,
    previous_secret_until: view.previousSecretUntil?.toISOString() ?? null,
    created_at: view.createdAt.toISOString(),
    updated_at: view.updatedAt.toISOString(),
  };
}

export function presentDelivery(view: DeliveryView): WebhookDelivery {
  return {
    id: view.id,
    seq: view.seq,
    webhook_id: view.webhookId,
    type: view.type,
    state: view.state,
    attempts_count: view.attemptsCount,
    next_attempt_at: view.nextAttemptAt?.toISOString() ?? null,
    created_at: view.createdAt.toISOString(),
    ended_at: view.endedAt?.toISOString() ?? null,
    attempts: view.attempts.map(presentAttempt),
  };
}

function presentAttempt(view: AttemptView): WebhookAttempt {
  return {
    number: view.number,
    at: view.at.toISOString(),
    duration_ms: view.durationMs,
    status: view.status,
    error: view.error,
    response: view.response,
  };
}
