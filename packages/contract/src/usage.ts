import { z } from 'zod';

/** What usage can be grouped by. `key` is the API key that sent the message. Days are UTC. */
export const USAGE_DIMENSIONS = ['day', 'agent', 'agent_type', 'model', 'key', 'session', 'upstream'] as const;
export type UsageDimension = (typeof USAGE_DIMENSIONS)[number];

const figures = {
  requests: z.number().describe('Model requests that reached an upstream.'),
  unpriced_requests: z.number().describe('Those of models without a price: they cost 0 here.'),
  input_tokens: z.number().describe('Not read from the prompt cache and not written to it.'),
  output_tokens: z.number(),
  cache_read_input_tokens: z.number(),
  cache_creation_input_tokens: z.number().describe('Written to the cache, for five minutes or an hour.'),
  cache_creation_5m_input_tokens: z.number(),
  cache_creation_1h_input_tokens: z.number(),
  cost_usd: z.number().describe('Exact to 9 digits after the point.'),
};

export const UsageFigures = z.object(figures).meta({ id: 'UsageFigures' });
export type UsageFigures = z.infer<typeof UsageFigures>;

/** One group. It has the fields of what it was grouped by; null: nobody knows. */
export const UsageRow = z
  .object({
    day: z.iso.date().optional(),
    agent_id: z.string().optional(),
    agent_name: z.string().nullable().optional(),
    agent_type: z.string().nullable().optional(),
    model: z.string().optional(),
    key_id: z.string().nullable().optional(),
    key_name: z.string().nullable().optional(),
    session_id: z.string().optional(),
    upstream: z.string().optional(),
    ...figures,
  })
  .meta({ id: 'UsageRow' });
export type UsageRow = z.infer<typeof UsageRow>;

export const Usage = z
  .object({
    since: z.iso.datetime(),
    until: z.iso.datetime().describe('Not included.'),
    group_by: z.array(z.enum(USAGE_DIMENSIONS)),
    data: z.array(UsageRow),
    totals: UsageFigures.describe('Of all groups, also those on other pages.'),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'Usage' });
export type Usage = z.infer<typeof Usage>;
