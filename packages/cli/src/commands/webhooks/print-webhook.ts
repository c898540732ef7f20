import type { Schema } from '@aaas/client/operations/operation-types';
import { moment } from '../../output/figures.ts';
import { printThing } from '../../output/print-answer.ts';
import { cell } from '../../output/table.ts';

export function printWebhook(webhook: Schema<'Webhook'>): void {
  printThing(webhook.url, webhook.id, {
    enabled: webhook.enabled ? 'yes' : `no: ${webhook.disabled_reason ?? 'switched off'}`,
    events: cell(webhook.events.join(' ')),
    agents: webhook.agent_ids === null ? 'all' : cell(webhook.agent_ids.join(' ')),
    description: webhook.description && cell(webhook.description),
    'with answers': webhook.include_response ? 'yes' : 'no',
    'last success': moment(webhook.last_success_at, 'never'),
    'failing since': webhook.failing_since && moment(webhook.failing_since),
    'old secret until': webhook.previous_secret_until && moment(webhook.previous_secret_until),
    created: moment(webhook.created_at),
  });
}
