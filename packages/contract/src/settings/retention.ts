import { whole } from './forms.ts';

/** How long what has been is kept. */
export const retentionSettings = {
  EVENT_RETENTION_DAYS: whole(0, 3_650)
    .default(0)
    .describe(
      'Days that events of the logs are kept; the last turn of each session stays. 0: as long as their session. See docs/scale.md.',
    ),
  LEDGER_RETENTION_DAYS: whole(0, 36_500)
    .refine((days) => days === 0 || days >= 35, 'must be 0, or 35 at least')
    .default(0)
    .describe(
      'Days that single model requests are kept in the ledger, 35 at least; their sums by day stay. 0: for ever.',
    ),
  QUERY_RETENTION: whole(60, 31_536_000)
    .default(86_400)
    .describe('Seconds for which the answer of a one-shot query is kept.'),
};
