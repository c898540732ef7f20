import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { StreamHub, StreamSignal } from '../stream-hub.ts';
import type { NumberedSignal } from './signal-batch.ts';

/** The node that an origin is a life of. */
export function nodeOf(origin: string): string {
  return origin.split('.')[0] ?? '';
}

/** A way to other nodes. */
export interface Outlet {
  /** Whether somebody may follow the session at its other end. Asked with each signal: it has to be quick. */
  wants(sessionId: string): boolean;
  send(sessionId: string, signal: NumberedSignal): void;
}

const KEPT_SESSIONS_MAX = 2_000;
const KEPT_DELTAS_MAX = 512;

/**
 * Numbers what is published in this process and gives it to the ways on which somebody may follow it. Of text that is
 * being written the last pieces are kept, so that whoever changes from one way to another misses none; events are in
 * the log. Without an outlet that wants it, a signal costs nothing.
 */
export class OutgoingSignals {
  /** This life of the node. */
  readonly origin: string;
  readonly #outlets = new Set<Outlet>();
  readonly #kept = new LRUCache<string, NumberedSignal[]>({ max: KEPT_SESSIONS_MAX, ttl: 60_000 });
  readonly #unsubscribe: () => void;
  #n = 0;

  constructor(streams: StreamHub, nodeId: string) {
    this.origin = `${nodeId}.${randomUUID()}`;
    this.#unsubscribe = streams.onPublished((sessionId, signal) => this.#published(sessionId, signal));
  }

  add(outlet: Outlet): () => void {
    this.#outlets.add(outlet);
    return () => void this.#outlets.delete(outlet);
  }

  /** Pieces of text of a session after a number, as far as they are kept. */
  deltasAfter(sessionId: string, n: number): NumberedSignal[] {
    return (this.#kept.get(sessionId) ?? []).filter((kept) => kept.n > n);
  }

  close(): void {
    this.#unsubscribe();
  }

  #published(sessionId: string, signal: StreamSignal): void {
    let numbered: NumberedSignal | null = null;
    for (const outlet of this.#outlets) {
      if (!outlet.wants(sessionId)) continue;
      numbered ??= { n: ++this.#n, signal };
      outlet.send(sessionId, numbered);
    }
    if (numbered ?? this.#kept.has(sessionId)) this.#keep(sessionId, numbered ?? { n: ++this.#n, signal });
  }

  #keep(sessionId: string, numbered: NumberedSignal): void {
    const { signal } = numbered;
    const kept = this.#kept.get(sessionId) ?? [];
    if (signal.kind === 'delta') {
      if (kept.push(numbered) > KEPT_DELTAS_MAX) kept.shift();
      this.#kept.set(sessionId, kept);
    } else if (signal.kind === 'events' && kept.length > 0) {
      // What is in the log whole is no longer being written.
      const ids = new Set(signal.events.map(({ id }) => id));
      this.#kept.set(
        sessionId,
        kept.filter(({ signal }) => signal.kind !== 'delta' || !ids.has(messageOf(signal.delta))),
      );
    } else if (signal.kind === 'turn_ended' || signal.kind === 'deleted') this.#kept.delete(sessionId);
  }
}

function messageOf(delta: Extract<StreamSignal, { kind: 'delta' }>['delta']): string {
  return delta.type === 'event_start' ? delta.event.id : delta.event_id;
}
