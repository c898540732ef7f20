import { z } from 'zod';

/** What a webhook may be told, each with a sentence. */
export const WEBHOOK_EVENTS = {
  'agent.created': 'An agent was deployed.',
  'agent.updated': 'An agent got another version or another name.',
  'agent.deleted': 'An agent was deleted; it may still drain.',
  'agent.status_changed': 'The status of an agent changed: from what, to what, and why.',
  'agent.error': 'An agent is in error: recovery was tried as often as allowed, or is not allowed.',
  'approval.requested': 'A tool waits for an approval.',
  'approval.resolved': 'An approval was allowed, denied, has expired or was cancelled.',
  'turn.completed': 'A message was answered: usage, cost and, on request, the answer.',
  'turn.failed': 'A message could not be answered.',
  'turn.interrupted': 'A turn was interrupted.',
  'session.status_running': 'A session began to work.',
  'session.status_idle': 'A session waits for its next input; the event says why it stopped.',
  'session.status_rescheduled': 'A session is tried again.',
  'session.status_terminated': 'A session ended for good.',
  'session.error': 'Something failed in a session.',
  'webhook.disabled': 'The platform switched another webhook of the workspace off.',
} as const;

export type WebhookEventType = keyof typeof WEBHOOK_EVENTS;

/** Sent by POST …/test alone. */
export const WEBHOOK_TEST_EVENT = 'webhook.test';

const types = Object.keys(WEBHOOK_EVENTS) as [WebhookEventType, ...WebhookEventType[]];
const groups = ['agent.*', 'approval.*', 'turn.*', 'session.*', 'webhook.*', '*'] as const;
const timestamp = z.iso.datetime().describe('RFC 3339, UTC');

const EventName = z
  .enum([...types, ...groups])
  .describe('An event, a group of them such as turn.*, or * for all.')
  .meta({ id: 'WebhookEventName' });

const events = z.array(EventName).min(1).max(50);
const url = z
  .string()
  .max(2_048)
  .describe('Where to send. https, and a host with public addresses, unless the operator allows others.');
const description = z.string().max(500).nullable();
const agentIds = z
  .array(z.string().regex(/^[A-Za-z0-9_]{1,128}$/, 'must be the id of an agent'))
  .min(1)
  .max(100)
  .nullable()
  .describe('Only events of these agents; null: of all.');
const includeResponse = z
  .boolean()
  .describe('Whether turn events carry the answer itself, up to 16,000 characters. It is then kept with the delivery.');

export const CreateWebhookRequest = z
  .strictObject({
    url,
    events,
    description: description.default(null),
    enabled: z.boolean().default(true),
    agent_ids: agentIds.default(null),
    include_response: includeResponse.default(false),
  })
  .meta({ id: 'CreateWebhookRequest' });
export type CreateWebhookRequest = z.infer<typeof CreateWebhookRequest>;

export const UpdateWebhookRequest = z
  .strictObject({
    url,
    events,
    description,
    enabled: z.boolean(),
    agent_ids: agentIds,
    include_response: includeResponse,
  })
  .partial()
  .meta({ id: 'UpdateWebhookRequest' });
export type UpdateWebhookRequest = z.infer<typeof UpdateWebhookRequest>;

export const DISABLED_REASONS = {
  request: 'Somebody switched it off.',
  gone: 'Its receiver answered 410 Gone.',
  failing: 'Every attempt failed for WEBHOOK_DISABLE_AFTER days.',
  backlog: 'More than WEBHOOK_MAX_PENDING deliveries waited for it.',
} as const;

export const Webhook = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(z.string()),
    description: z.string().nullable(),
    enabled: z.boolean(),
    agent_ids: z.array(z.string()).nullable(),
    include_response: z.boolean(),
    disabled_reason: z.enum(Object.keys(DISABLED_REASONS) as [keyof typeof DISABLED_REASONS]).nullable(),
    disabled_at: timestamp.nullable(),
    failing_since: timestamp.nullable().describe('The first failure after the last success.'),
    last_success_at: timestamp.nullable(),
    previous_secret_until: timestamp.nullable().describe('Until then both secrets sign.'),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Webhook' });
export type Webhook = z.infer<typeof Webhook>;

export const CreatedWebhook = Webhook.extend({
  secret: z.string().describe('whsec_…: verifies the signatures. Shown this once.'),
}).meta({ id: 'CreatedWebhook' });

/** A week, in seconds. */
const OVERLAP_MAX = 604_800;

export const RotateSecretRequest = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(OVERLAP_MAX)
      .default(86_400)
      .describe('How long the old secret signs beside the new one; 0 ends it at once.'),
  })
  .meta({ id: 'RotateWebhookSecretRequest' });

export const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const;

export const WebhookAttempt = z
  .object({
    number: z.number(),
    at: timestamp,
    duration_ms: z.number(),
    status: z.number().nullable().describe('HTTP status; null when there was no answer.'),
    error: z.string().nullable(),
    response: z.string().nullable().describe('The beginning of the answer’s body.'),
  })
  .meta({ id: 'WebhookAttempt' });
export type WebhookAttempt = z.infer<typeof WebhookAttempt>;

export const WebhookDelivery = z
  .object({
    id: z.string().describe('The webhook-id header, the same in every attempt.'),
    seq: z.number().describe('Orders the deliveries of a platform.'),
    webhook_id: z.string(),
    type: z.string(),
    state: z
      .enum(DELIVERY_STATES)
      .describe('pending: it will be tried (again); delivered: a 2xx came; dead: all attempts failed.'),
    attempts_count: z.number(),
    next_attempt_at: timestamp.nullable(),
    created_at: timestamp,
    ended_at: timestamp.nullable(),
    attempts: z.array(WebhookAttempt).describe('Oldest first; the last 20.'),
  })
  .meta({ id: 'WebhookDelivery' });
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

export const WebhookDeliveryDetail = WebhookDelivery.extend({
  payload: z.record(z.string(), z.unknown()).describe('What is sent.'),
}).meta({ id: 'WebhookDeliveryDetail' });

export const ReplayRequest = z
  .strictObject({
    since: z.iso
      .datetime({ offset: true })
      .describe('Deliveries made from then on that are dead, or wait for another attempt.'),
  })
  .meta({ id: 'ReplayWebhookRequest' });

export const ReplayResult = z
  .object({
    replayed: z.number(),
    more: z.boolean().describe('There are more than one request replays: ask again.'),
  })
  .meta({ id: 'ReplayWebhookResult' });
