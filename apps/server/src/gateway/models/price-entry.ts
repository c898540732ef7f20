import type { Model, ModelPrice } from '@aaas/contract/models';
import { listPriceOf, PRICE_VERSION, type Price } from '../ledger/prices.ts';

const FREE: ModelPrice = { input: 0, output: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, above: null };

/** What a model costs, as the ledger will count it. */
export function priceEntry(model: string, simulated: boolean): Pick<Model, 'price' | 'price_version'> {
  if (simulated) return { price: FREE, price_version: 'simulated' };
  const found = listPriceOf(model);
  if (!found) return { price: null, price_version: null };
  const above = found.above ? { tokens: found.above.tokens, ...perMillion(found.above.price) } : null;
  return { price: { ...perMillion(found), above }, price_version: PRICE_VERSION };
}

function perMillion(price: Price) {
  return {
    input: price.input,
    output: price.output,
    cache_read: price.cacheRead,
    cache_write_5m: price.cacheWrite5m,
    cache_write_1h: price.cacheWrite1h,
  };
}
