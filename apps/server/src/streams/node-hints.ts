import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import type { StreamHub } from './stream-hub.ts';

export interface NodeHintsOptions {
  pool: Pool;
  nodeId: string;
  streams: StreamHub;
  /** Another node says that a session has something to do. */
  onWake(sessionId: string): void;
  /** Keys were changed on another node. */
  onKeysChanged(): void;
  log: Logger;
}

const CHANNEL = 'aaas_sessions';
// Hints of this long go together: a NOTIFY for each commit would end the group commit of the whole server.
const BATCH_MS = 20;
/** PostgreSQL takes less than 8,000 bytes. */
const PAYLOAD_MAX_CHARS = 7_500;
const LOOK_FOR_OTHERS_MS = 2_000;
const RECONNECT_MS = 1_000;

const OTHERS = {
  name: 'streams.other-nodes',
  text: `select exists (select 1 from nodes where id <> $1 and stopped_at is null
                          and heartbeat_at > now() - interval '30 seconds') as others`,
};

/** What is said of a session: its log grew, it was deleted, it has something to do. */
const CHANGED = '';
const DELETED = '-';
const WAKE = '+';
/** Instead of a session. */
const KEYS = '!';

/**
 * Tells the other nodes which sessions have changed here, and hears it from them. Hints only, on one connection of its
 * own: whoever listens reads the log, and looks at it once a second though nobody said anything.
 */
export class NodeHints {
  readonly #options: NodeHintsOptions;
  readonly #waiting = new Set<string>();
  readonly #look: NodeJS.Timeout;
  readonly #unsubscribe: () => void;
  #batch: NodeJS.Timeout | null = null;
  #client: PoolClient | null = null;
  #others = false;
  #closed = false;
  #connecting: Promise<void>;

  constructor(options: NodeHintsOptions) {
    this.#options = options;
    this.#unsubscribe = options.streams.onPublished((sessionId, kind) =>
      this.#say(`${kind === 'deleted' ? DELETED : CHANGED}${sessionId}`),
    );
    this.#look = setInterval(() => this.#lookForOthers(), LOOK_FOR_OTHERS_MS);
    this.#lookForOthers();
    this.#connecting = this.#connect();
  }

  /** A session that is not owned here has something to do. */
  wake(sessionId: string): void {
    this.#say(`${WAKE}${sessionId}`);
  }

  /** Keys were changed here. */
  keysChanged(): void {
    this.#say(KEYS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    clearInterval(this.#look);
    if (this.#batch) clearTimeout(this.#batch);
    await this.#connecting;
    this.#client?.release(true);
    this.#client = null;
  }

  #say(hint: string): void {
    if (!this.#others || this.#closed) return;
    this.#waiting.add(hint);
    this.#batch ??= setTimeout(() => this.#flush(), BATCH_MS);
  }

  #flush(): void {
    this.#batch = null;
    const client = this.#client;
    const hints = [...this.#waiting];
    this.#waiting.clear();
    if (!client) return;
    for (const payload of payloads(this.#options.nodeId, hints)) {
      // A hint that is lost costs a second.
      client
        .query({ name: 'streams.notify', text: 'select pg_notify($1, $2)', values: [CHANNEL, payload] })
        .catch(() => {});
    }
  }

  #hear(payload: string | undefined): void {
    const [from, ...hints] = (payload ?? '').split(' ');
    if (from === this.#options.nodeId) return;
    for (const hint of hints) {
      if (hint === KEYS) this.#options.onKeysChanged();
      else if (hint.startsWith(WAKE)) this.#options.onWake(hint.slice(1));
      else if (hint.startsWith(DELETED)) this.#options.streams.hear(hint.slice(1), 'deleted');
      else this.#options.streams.hear(hint, 'changed');
    }
  }

  #lookForOthers(): void {
    const { pool, nodeId } = this.#options;
    pool.query<{ others: boolean }>({ ...OTHERS, values: [nodeId] }).then(
      ({ rows }) => {
        this.#others = rows[0]?.others ?? false;
      },
      () => {},
    );
  }

  async #connect(): Promise<void> {
    while (!this.#closed) {
      try {
        const client = await this.#options.pool.connect();
        client.on('notification', ({ payload }) => this.#hear(payload));
        client.once('error', () => this.#lost(client));
        client.once('end', () => this.#lost(client));
        // A hint is not worth waiting for the disk.
        await client.query('set synchronous_commit = off');
        await client.query(`listen ${CHANNEL}`);
        this.#client = client;
        return;
      } catch (error) {
        this.#options.log.warn({ error: (error as Error).message }, 'cannot listen for hints of other nodes');
        await sleep(RECONNECT_MS, undefined, { ref: false });
      }
    }
  }

  #lost(client: PoolClient): void {
    if (this.#client !== client) return;
    this.#client = null;
    client.release(true);
    if (!this.#closed) this.#connecting = this.#connect();
  }
}

/** The hints of one node in as few messages as they fit in. */
function payloads(nodeId: string, hints: string[]): string[] {
  const all: string[] = [];
  let payload = nodeId;
  for (const hint of hints) {
    if (payload.length + 1 + hint.length > PAYLOAD_MAX_CHARS) {
      all.push(payload);
      payload = nodeId;
    }
    payload += ` ${hint}`;
  }
  return hints.length === 0 ? all : [...all, payload];
}
