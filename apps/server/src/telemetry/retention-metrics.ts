import { Counter, type Registry } from 'prom-client';

const OF = ['events', 'model_requests', 'queries'] as const;

/** What is counted of rows that go by their age. */
export interface RetentionMetrics {
  rowsExpired(of: (typeof OF)[number], count: number): void;
}

export function createRetentionMetrics(registry: Registry): RetentionMetrics {
  const expired = new Counter({
    name: 'aaas_expired_rows_total',
    help: 'Rows that this node removed because of their age: events of logs, model requests of the ledger, answers of one-shot queries.',
    labelNames: ['of'],
    registers: [registry],
  });
  for (const of of OF) expired.inc({ of }, 0);
  return { rowsExpired: (of, count) => expired.inc({ of }, count) };
}
