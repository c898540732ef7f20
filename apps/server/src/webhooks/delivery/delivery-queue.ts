import type { Settings } from '@aaas/contract/settings';
import type { JobQueue } from '../../jobs/jobs.ts';

/** Its jobs are made in SQL, by `webhook_job`; each names a delivery. */
export const DELIVERY_QUEUE = 'webhooks.deliver';

export interface DeliveryJob {
  delivery: string;
}

/** The priorities of `webhook_job`: new deliveries do not wait behind the many that will be tried again in hours. */
export const NEW = 0;
export const RETRY = -1;

/** After its time is up a delivery is still recorded; its job lasts so much longer. */
export const RECORD_WITHIN_S = 5;

export function deliveryQueue(settings: Settings): JobQueue {
  return { name: DELIVERY_QUEUE, expiresAfterSeconds: () => settings.WEBHOOK_TIMEOUT + RECORD_WITHIN_S };
}
