import { EventEmitter } from 'node:events';
import type { NodeLoad } from '@aaas/contract/fleet';
import type { Role } from '@aaas/contract/roles';
import type { Pool } from 'pg';
import type { Logger } from 'pino';

/** Another node of the fleet that lives, as its row said a moment ago. */
export interface KnownNode {
  id: string;
  roles: Role[];
  /** Where its internal listener is reached; null: it has none. */
  address: string | null;
  region: string | null;
  incarnation: number;
  load: NodeLoad | null;
  /** It takes no more work. */
  draining: boolean;
}

export interface KnownNodesOptions {
  pool: Pool;
  nodeId: string;
  /** Read at each look: how long a node may be silent before it counts as gone, in milliseconds. */
  goneAfterMs: number;
  log: Logger;
}

const LIVE = {
  name: 'fleet.known-nodes',
  text: `select id, roles, address, region, incarnation::int as incarnation, load,
                draining_since is not null as draining
           from nodes
          where stopped_at is null and lost_at is null
            and heartbeat_at > now() - $1 * interval '1 ms'
          order by id limit 1001`,
};
const LOOK_MS = 1_000;
/** One of them counts whole milliseconds. */
const CLOCKS_DIFFER_MS = 1;

/**
 * The other nodes that live. Looked up each second: what one does with it must bear that a node has died since. While
 * the database is away it stays as it was.
 */
export class KnownNodes extends EventEmitter<{ gone: [nodeId: string] }> {
  readonly #options: KnownNodesOptions;
  readonly #timer: NodeJS.Timeout;
  #nodes = new Map<string, KnownNode>();
  #draining = false;
  #looking: Promise<void> | null = null;

  constructor(options: KnownNodesOptions) {
    super();
    this.setMaxListeners(0);
    this.#options = options;
    this.#lookOnce();
    this.#timer = setInterval(() => this.#lookOnce(), LOOK_MS);
  }

  /** This node itself takes no more work. */
  get draining(): boolean {
    return this.#draining;
  }

  all(): KnownNode[] {
    return [...this.#nodes.values()];
  }

  get(nodeId: string): KnownNode | undefined {
    return this.#nodes.get(nodeId);
  }

  /** Those that can be asked to do what a role does. */
  withRole(role: Role): (KnownNode & { address: string })[] {
    return this.all().filter((node): node is KnownNode & { address: string } => {
      return node.address !== null && node.roles.includes(role);
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** One look at a time: while the database is away each takes long. */
  #lookOnce(): void {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
  }

  async #look(): Promise<void> {
    const { pool, nodeId, log } = this.#options;
    const asked = this.#options.goneAfterMs;
    const began = performance.now();
    try {
      const { rows } = await pool.query<KnownNode>({ ...LIVE, values: [asked] });
      // Asked before an outage and answered after it: too strictly.
      if (this.#options.goneAfterMs - asked > performance.now() - began + CLOCKS_DIFFER_MS) return;
      const before = this.#nodes;
      this.#nodes = new Map(rows.filter(({ id }) => id !== nodeId).map((node) => [node.id, node]));
      this.#draining = rows.some(({ id, draining }) => id === nodeId && draining);
      for (const [id, { incarnation }] of before) {
        if (this.#nodes.get(id)?.incarnation !== incarnation) this.emit('gone', id);
      }
    } catch (error) {
      log.debug({ error: (error as Error).message }, 'failed to look at the other nodes');
    }
  }
}
