import { setTimeout as sleep } from 'node:timers/promises';
import type { Interest } from './read-interest.ts';
import { readLines } from './read-lines.ts';
import { SIGNALS_PATH } from './serve-signals.ts';
import { decodeBatch, type SignalBatch } from './signal-batch.ts';

export interface SignalLinkOptions {
  /** Of the other node's internal listener: `http://host:port`. */
  address: string;
  /** What proves that a node of this fleet asks. */
  headersFor: (method: string, path: string) => Record<string, string>;
  onBatch: (batch: SignalBatch) => void;
  /** From now on the signals of these sessions come; what was before may have been missed. */
  onJoined: (sessionIds: string[]) => void;
  /** The last number heard of a session from an origin; 0: none. */
  lastHeard: (sessionId: string, origin: string) => number;
}

const OPEN_WITHIN_MS = 3_000;
/** Longer than a heartbeat of the other side. */
const SILENT_MAX_MS = 10_000;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;
const AT_ONCE = 5_000;

/** The one connection to another node over which its signals come, of as many sessions as are wanted. */
export class SignalLink {
  readonly #options: SignalLinkOptions;
  readonly #wanted = new Set<string>();
  readonly #joined = new Set<string>();
  /** Wanted, and the other side is to be told. */
  readonly #joining = new Set<string>();
  readonly #leaving = new Set<string>();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #stream: { id: string; origin: string; abort: () => void } | null = null;
  #changing: Promise<void> | null = null;

  constructor(options: SignalLinkOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get size(): number {
    return this.#wanted.size;
  }

  /** Whether the signals of a session come over this link at present. */
  carries(sessionId: string): boolean {
    return this.#joined.has(sessionId);
  }

  add(sessionId: string): void {
    if (this.#wanted.has(sessionId)) return;
    this.#wanted.add(sessionId);
    this.#joining.add(sessionId);
    this.#leaving.delete(sessionId);
    this.#change();
  }

  remove(sessionId: string): void {
    if (!this.#wanted.delete(sessionId)) return;
    this.#joining.delete(sessionId);
    // Of what the other side was not told it need not be told again.
    if (this.#joined.delete(sessionId) || this.#changing) this.#leaving.add(sessionId);
    this.#change();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    await this.#changing;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let wait = RETRY_MIN_MS; !signal.aborted; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      const opened = await this.#follow().catch(() => false);
      if (opened) wait = RETRY_MIN_MS;
      await sleep(wait, undefined, { signal }).catch(() => {});
    }
  }

  /** Reads one stream to its end. @returns whether it had begun. */
  async #follow(): Promise<boolean> {
    const { address, headersFor, onBatch } = this.#options;
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), OPEN_WITHIN_MS);
    const signal = AbortSignal.any([silence.signal, this.#closing.signal]);
    let opened = false;
    try {
      const response = await fetch(`${address}${SIGNALS_PATH}`, {
        headers: headersFor('GET', SIGNALS_PATH),
        signal,
      });
      if (!response.ok || !response.body) throw new Error(`the node answered ${response.status}`);
      for await (const line of readLines(response.body)) {
        if (opened) timer.refresh();
        else {
          clearTimeout(timer);
          timer = setTimeout(() => silence.abort(), SILENT_MAX_MS);
        }
        if (!opened) {
          const { stream: id, origin } = JSON.parse(line);
          this.#stream = { id, origin, abort: () => silence.abort() };
          opened = true;
          for (const sessionId of this.#wanted) this.#joining.add(sessionId);
          this.#change();
        } else if (line !== '') {
          const batch = decodeBatch(line);
          if (batch) onBatch(batch);
        }
      }
    } finally {
      clearTimeout(timer);
      this.#stream = null;
      this.#joined.clear();
      this.#leaving.clear();
    }
    return opened;
  }

  #change(): void {
    this.#changing ??= this.#changeAll().finally(() => {
      this.#changing = null;
      if (this.#stream && this.#joining.size + this.#leaving.size > 0) this.#change();
    });
  }

  /** Tells the other side what is wanted, until it knows all of it. Changes of one moment go together. */
  async #changeAll(): Promise<void> {
    await new Promise(setImmediate);
    for (let stream = this.#stream; stream; stream = this.#stream) {
      const { origin } = stream;
      const add = firstOf(this.#joining);
      const remove = firstOf(this.#leaving);
      if (add.length + remove.length === 0) return;
      const after = add.map((sessionId) => [sessionId, this.#options.lastHeard(sessionId, origin)] as const);
      try {
        await this.#post(stream.id, { add: Object.fromEntries(after), remove });
      } catch {
        stream.abort();
        return;
      }
      if (this.#stream !== stream) return;
      for (const sessionId of remove) this.#leaving.delete(sessionId);
      for (const sessionId of add) this.#joining.delete(sessionId);
      const joined = add.filter((sessionId) => this.#wanted.has(sessionId));
      for (const sessionId of joined) this.#joined.add(sessionId);
      if (joined.length > 0) this.#options.onJoined(joined);
    }
  }

  async #post(stream: string, interest: Interest): Promise<void> {
    const { address, headersFor } = this.#options;
    const path = `${SIGNALS_PATH}/${stream}`;
    const response = await fetch(`${address}${path}`, {
      method: 'POST',
      headers: { ...headersFor('POST', path), 'content-type': 'application/json' },
      body: JSON.stringify(interest),
      signal: AbortSignal.any([AbortSignal.timeout(OPEN_WITHIN_MS), this.#closing.signal]),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the node answered ${response.status}`);
  }
}

function firstOf(sessionIds: Set<string>): string[] {
  const first: string[] = [];
  for (const sessionId of sessionIds) if (first.push(sessionId) === AT_ONCE) break;
  return first;
}
