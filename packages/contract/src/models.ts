import { z } from 'zod';

const usd = z.number().describe('US dollars per million tokens.');

export const ModelPrice = z
  .object({
    input: usd,
    output: usd,
    cache_read: usd,
    cache_write_5m: usd,
    cache_write_1h: usd,
    above: z
      .object({
        tokens: z.number(),
        input: usd,
        output: usd,
        cache_read: usd,
        cache_write_5m: usd,
        cache_write_1h: usd,
      })
      .nullable()
      .describe('Prices of all tokens of a request whose prompt has more tokens than this.'),
  })
  .meta({ id: 'ModelPrice' });
export type ModelPrice = z.infer<typeof ModelPrice>;

export const Model = z
  .object({
    id: z.string().describe('What `config.model` of an agent may be.'),
    display_name: z.string(),
    upstreams: z
      .array(z.object({ name: z.string(), model: z.string().describe('What this upstream calls it.') }))
      .describe('Who serves it, in the order in which they are asked.'),
    price: ModelPrice.nullable().describe(
      'Of the first upstream’s model; null: no price is known, and it counts as 0.',
    ),
    price_version: z.string().nullable(),
    simulated: z.boolean().describe('true: the built-in simulator answers, without intelligence and without cost.'),
  })
  .meta({ id: 'Model' });
export type Model = z.infer<typeof Model>;

export const ModelList = z
  .object({
    data: z.array(Model),
    next_cursor: z.null(),
    unlisted_upstreams: z
      .array(z.string())
      .describe('Upstreams that do not say which models they have: they may serve more than is listed here.'),
  })
  .meta({ id: 'ModelList' });
export type ModelList = z.infer<typeof ModelList>;
