import type { Pool } from 'pg';

const LOOK_EVERY_MS = 2_000;

// Gateways have no part in sessions.
const COUNT = {
  name: 'streams.other-nodes',
  text: `select count(*)::integer as others from nodes
          where id <> $1 and stopped_at is null and heartbeat_at > now() - interval '30 seconds' and roles <> '{gateway}'`,
};

/** How many other nodes there are that have to do with sessions, as it was at most two seconds ago. */
export class OtherNodes {
  count = 0;
  readonly #options: { pool: Pool; nodeId: string; onLook: () => void };
  readonly #timer: NodeJS.Timeout;

  /** `onLook`: called after each look. */
  constructor(options: { pool: Pool; nodeId: string; onLook: () => void }) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#look();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { pool, nodeId, onLook } = this.#options;
    pool.query<{ others: number }>({ ...COUNT, values: [nodeId] }).then(
      ({ rows }) => {
        this.count = rows[0]?.others ?? 0;
        onLook();
      },
      () => {},
    );
  }
}
