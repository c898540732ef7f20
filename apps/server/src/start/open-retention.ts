import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { nodeRetention } from '../fleet/nodes/node-retention.ts';
import { ledgerRetention } from '../gateway/ledger/ledger-retention.ts';
import type { JobKind } from '../jobs/jobs.ts';
import { eventRetention } from '../sessions/log/retention/event-retention.ts';
import { queryRetention } from '../sessions/queries/query-retention.ts';
import type { RetentionMetrics } from '../telemetry/retention-metrics.ts';

/** The jobs that remove what is too old to be kept. */
export function retentionJobs(options: {
  pool: Pool;
  settings: Settings;
  log: Logger;
  metrics: RetentionMetrics;
}): JobKind[] {
  const { metrics } = options;
  return [
    eventRetention({ ...options, onRemoved: (count) => metrics.rowsExpired('events', count) }),
    ledgerRetention({ ...options, onRemoved: (count) => metrics.rowsExpired('model_requests', count) }),
    queryRetention({ ...options, onRemoved: (count) => metrics.rowsExpired('queries', count) }),
    nodeRetention(options),
  ];
}
