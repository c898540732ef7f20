import type { DISABLED_REASONS } from '@aaas/contract/webhooks';
import type { SealedColumn } from '../secrets/reseal.ts';

/** A webhook as its owner sees it: without its secrets. */
export interface WebhookView {
  id: string;
  url: string;
  events: string[];
  description: string | null;
  enabled: boolean;
  agentIds: string[] | null;
  includeResponse: boolean;
  disabledReason: keyof typeof DISABLED_REASONS | null;
  disabledAt: Date | null;
  failingSince: Date | null;
  lastSuccessAt: Date | null;
  previousSecretUntil: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** The columns of a `WebhookView`, of the table `webhooks w`. */
export const WEBHOOK_VIEW = `
  w.id, w.url, w.events, w.description, w.enabled, w.agent_ids as "agentIds", w.include_response as "includeResponse",
  w.disabled_reason as "disabledReason", w.disabled_at as "disabledAt", w.failing_since as "failingSince",
  w.last_success_at as "lastSuccessAt",
  case when w.previous_secret_until > now() then w.previous_secret_until end as "previousSecretUntil",
  w.created_at as "createdAt", w.updated_at as "updatedAt"`;

export const WEBHOOK_SECRETS: SealedColumn[] = [
  { table: 'webhooks', column: 'secret' },
  { table: 'webhooks', column: 'previous_secret' },
];

/** Where a secret of a webhook is sealed for. */
export function secretPlace(column: 'secret' | 'previous_secret', row: string, workspaceId: string) {
  return { table: 'webhooks', column, row, workspaceId };
}
