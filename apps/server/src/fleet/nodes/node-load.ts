import type { NodeLoad } from '@aaas/contract/fleet';
import type { Pool } from 'pg';
import type { Logger } from 'pino';

export type { NodeLoad };

const REPORT = {
  name: 'node.load',
  text: 'update nodes set load = $2, load_at = now() where id = $1',
};

/** Writes how this node is into its row every `everyMs`, so that every node can answer for all. */
export function reportLoad(options: { pool: Pool; nodeId: string; everyMs: number; load(): NodeLoad; log: Logger }): {
  close(): Promise<void>;
} {
  const { pool, nodeId, load, log } = options;
  let reporting = Promise.resolve();
  const report = () => {
    reporting = pool.query({ ...REPORT, values: [nodeId, load()] }).then(
      () => {},
      (error) => log.error({ err: error }, 'failed to report the load of this node'),
    );
  };
  const timer = setInterval(report, options.everyMs);
  report();
  return {
    close: async () => {
      clearInterval(timer);
      await reporting;
    },
  };
}
