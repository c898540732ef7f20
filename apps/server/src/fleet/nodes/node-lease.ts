import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type LeaseTerm, monotonicMs, remainingMs } from '../../sandboxes/reaper/lease-term.ts';
import type { OwnBeats } from './own-beats.ts';
import type { RegisteredNode } from './register-node.ts';
import { beginNextLife, leaveFleet, renewLease } from './renew-lease.ts';

export interface LeaseOptions {
  node: RegisteredNode;
  beats: OwnBeats;
  ttlMs: number;
  /** So long before the lease ends everything must stand still. */
  marginMs: number;
  /** Live sandboxes at most, at the moment of asking. */
  capacity(): number;
  /** It holds until then, in this life. */
  onHeld(term: LeaseTerm): void;
  /** Others have taken the sessions. Ends everything of this life; the next one begins when it resolves. */
  onLost(): Promise<void>;
  /** Another life has begun; it is held when this resolves. */
  onNextLife(): Promise<void>;
  /** Another server lives as this node. */
  onReplaced(): void;
  /** The database went away or came back: whoever waits on a connection from before may wait for ever. */
  onConnectionsStale(): void;
  log: Logger;
}

const RETRY_MS = 250;
/** Of the failures after the first two. */
const LOG_EVERY = 40;
/** Beats in a term: so many minus one may fail. */
const BEATS = 3;

/**
 * The right of this node to run sessions: a heartbeat in its row, good for `ttlMs` from the moment it was sent. Who
 * cannot renew it must stand still before it ends, for then others take over; who renews it under the same incarnation
 * goes on as if nothing had been.
 */
export class NodeLease {
  readonly #options: LeaseOptions;
  readonly #closing = new AbortController();
  readonly #wake = () => this.#pause.abort();
  readonly #done: Promise<void>;
  #pause = new AbortController();
  #term: LeaseTerm = { monotonicMs: 0, wallMs: 0 };
  #away = false;
  #failures = 0;
  #lives = true;
  #firstHeld!: () => void;
  /** Resolves when the lease is held for the first time. */
  readonly begun: Promise<void>;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.begun = new Promise((resolve) => {
      this.#firstHeld = resolve;
    });
    // A stopped server that goes on has nothing more urgent to do.
    process.on('SIGCONT', this.#wake);
    this.#done = this.#run();
  }

  get id(): string {
    return this.#options.node.id;
  }

  get incarnation(): number {
    return this.#options.node.incarnation;
  }

  /** The node may act for the sessions that it owns. */
  get held(): boolean {
    return this.#lives && remainingMs(this.#term) > 0;
  }

  /** The database does not answer: whoever needs it need not try. */
  get databaseAway(): boolean {
    return this.#away;
  }

  /** Resolves when the node may act. */
  async whenHeld(): Promise<void> {
    while (!this.held && !this.#closing.signal.aborted) await sleep(RETRY_MS, undefined, { ref: false });
  }

  /** Ends the heartbeat and says in the row that the node has left. */
  async close(): Promise<void> {
    process.off('SIGCONT', this.#wake);
    this.#closing.abort();
    this.#wake();
    await this.#done;
    const { connection } = this.#options.node;
    await leaveFleet(connection, this.#options.node).catch(() => {});
    await connection.close();
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const beat = await this.#beat();
      if (beat === 'over') return;
      this.#pause = new AbortController();
      if (this.#closing.signal.aborted) return;
      const ms = beat === 'renewed' ? this.#options.ttlMs / BEATS : RETRY_MS;
      await sleep(ms, undefined, { signal: this.#pause.signal }).catch(() => {});
    }
  }

  async #beat(): Promise<'renewed' | 'failed' | 'over'> {
    const { node, beats, log } = this.#options;
    // From the moment it is sent: the database counts from a later one.
    const sent = { monotonicMs: monotonicMs(), wallMs: Date.now() };
    try {
      const renewal = await renewLease(node.connection, node, this.#options.capacity());
      this.#databaseAnswers();
      if (renewal === 'replaced') return this.#replaced();
      if (renewal === 'lost') {
        await this.#endLife();
        return 'failed';
      }
      beats.counted();
      await this.#hold(sent);
      await node.connection.keepLock();
      return 'renewed';
    } catch (error) {
      beats.failed();
      // One failure may be of the connection alone; the next attempt has a new one.
      if (++this.#failures === 2) {
        this.#away = true;
        this.#options.onConnectionsStale();
      }
      if (this.#failures < 3 || this.#failures % LOG_EVERY === 0) {
        const left_ms = Math.max(0, remainingMs(this.#term));
        log.warn({ error: (error as Error).message, left_ms }, 'failed to renew the lease of this node');
      }
      return 'failed';
    }
  }

  async #hold(sent: LeaseTerm): Promise<void> {
    const { node, ttlMs, marginMs, onHeld, onNextLife, log } = this.#options;
    if (!this.#lives) {
      await onNextLife();
      this.#lives = true;
      log.warn({ node: node.id, incarnation: node.incarnation }, 'this node is back in the fleet');
    }
    const forMs = ttlMs - marginMs;
    this.#term = { monotonicMs: sent.monotonicMs + forMs, wallMs: sent.wallMs + forMs };
    onHeld(this.#term);
    this.#firstHeld();
  }

  /** Everything of this life ends. The next one is held when its first heartbeat has counted. */
  async #endLife(): Promise<void> {
    const { node, log, onLost } = this.#options;
    this.#lives = false;
    this.#term = { monotonicMs: 0, wallMs: 0 };
    log.warn({ node: node.id, incarnation: node.incarnation }, 'the lease ended and others took over: starting again');
    await onLost();
    const incarnation = await beginNextLife(node.connection, node);
    if (incarnation !== null) node.incarnation = incarnation;
  }

  #replaced(): 'over' {
    this.#lives = false;
    this.#options.log.fatal({ node: this.id }, 'another server runs as this node: this one ends');
    this.#options.onReplaced();
    return 'over';
  }

  #databaseAnswers(): void {
    if (this.#failures > 0) this.#options.onConnectionsStale();
    this.#failures = 0;
    this.#away = false;
  }
}
