import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '@aaas/contract/settings';
import type { Logger } from 'pino';
import type { ScaleMetrics } from '../../telemetry/scale-metrics.ts';
import type { FleetScaler } from './fleet-scaler.ts';
import type { NodeScaler } from './node-scaler.ts';

/** Of failures after the first: a database that is away is told of elsewhere. */
const LOG_EVERY = 20;

/**
 * Looks every SCALE_LOOP_SECONDS: each node at itself, and the one that leads at the fleet.
 * `close` resolves when the last look has ended, and another node may lead.
 */
export function runAutoscaler(options: {
  settings: Settings;
  node: Pick<NodeScaler, 'look'>;
  fleet: Pick<FleetScaler, 'look' | 'close'>;
  metrics: ScaleMetrics;
  log: Logger;
}): { close(): Promise<void> } {
  const { settings, node, fleet, metrics, log } = options;
  const closing = new AbortController();
  let failures = 0;
  const running = (async () => {
    while (!closing.signal.aborted) {
      try {
        await node.look();
        await fleet.look();
        failures = 0;
      } catch (error) {
        metrics.scaleFailed();
        if (failures++ % LOG_EVERY === 0) log.error({ err: error }, 'auto-scaling could not look at its signals');
      }
      await pause(settings, closing.signal);
    }
  })();
  return {
    close: async () => {
      closing.abort();
      await running;
      await fleet.close().catch((error) => log.warn({ err: error }, 'the term of auto-scaling ends by itself'));
    },
  };
}

const LOOK_AT_SETTING_MS = 1_000;

/** The setting is live: a long pause ends when it is made shorter. */
async function pause(settings: Settings, signal: AbortSignal): Promise<void> {
  const began = performance.now();
  for (;;) {
    const left = settings.SCALE_LOOP_SECONDS * 1_000 - (performance.now() - began);
    if (left <= 0 || signal.aborted) return;
    await sleep(Math.min(left, LOOK_AT_SETTING_MS), undefined, { signal, ref: false }).catch(() => {});
  }
}
