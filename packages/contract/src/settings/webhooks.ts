import { z } from 'zod';
import { addressList, flag, whole } from './forms.ts';

const secondsList = z
  .string()
  .regex(/^\d{1,7}(,\d{1,7}){0,29}$/, 'must be whole seconds with commas between them, 30 at most');

/** Deliveries to receivers outside. */
export const webhookSettings = {
  MAX_WEBHOOKS: whole(0, 10_000).default(50).describe('Webhooks that a workspace may have.'),
  WEBHOOK_CONCURRENCY: whole(1, 1_000)
    .default(20)
    .describe(
      'Deliveries on their way from this node at once; a workspace gets half of them at most, a webhook a quarter.',
    ),
  WEBHOOK_TIMEOUT: whole(1, 60).default(15).describe('Seconds a receiver gets to answer a delivery.'),
  WEBHOOK_RETRY_SCHEDULE: secondsList
    .default('5,300,1800,7200,18000,36000,50400,72000,86400')
    .describe('Seconds before each attempt after the first; ± 20 % by chance. After the last one a delivery is dead.'),
  WEBHOOK_DISABLE_AFTER: whole(0, 365)
    .default(5)
    .describe('Days without a success after which a failing webhook is switched off; 0: never.'),
  WEBHOOK_MAX_PENDING: whole(100, 10_000_000)
    .default(100_000)
    .describe('Deliveries that may wait for one webhook before it is switched off.'),
  WEBHOOK_RETENTION_DAYS: whole(1, 3_650).default(30).describe('Days that a delivery is kept.'),
  WEBHOOK_ALLOW_HTTP: flag.default(false).describe('true lets webhooks go to http:// addresses.'),
  WEBHOOK_ALLOW_PRIVATE: addressList
    .optional()
    .describe(
      'Networks, addresses and host names (*.name for all below) that webhooks of every workspace may reach although they are not public, over http too.',
    ),
};
