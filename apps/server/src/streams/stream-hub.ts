import type { LiveDelta, LoggedEvent } from '@aaas/contract/events';

/** What reaches the listeners of one session in this process. */
export type StreamSignal =
  | { kind: 'events'; events: LoggedEvent[] }
  | { kind: 'delta'; turnId: string; delta: LiveDelta }
  /** An input came into the inbox; the same event follows when it is consumed. */
  | { kind: 'accepted'; type: string; payload: string }
  | { kind: 'deleted' };

type Listener = (signal: StreamSignal) => void;

/**
 * Hands what happens in this process to those who listen in this process. A hint only: the log is the truth,
 * and a listener that may have missed something reads it. Entries live as long as their listeners.
 */
export class StreamHub {
  readonly #listeners = new Map<string, Set<Listener>>();

  /** @returns the function that ends the subscription. */
  subscribe(sessionId: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(sessionId) ?? new Set();
    this.#listeners.set(sessionId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(sessionId) === listeners) this.#listeners.delete(sessionId);
    };
  }

  publishEvents(sessionId: string, events: LoggedEvent[]): void {
    if (events.length > 0) this.#publish(sessionId, { kind: 'events', events });
  }

  publishDelta(sessionId: string, turnId: string, delta: LiveDelta): void {
    this.#publish(sessionId, { kind: 'delta', turnId, delta });
  }

  publishAccepted(sessionId: string, type: string, payload: string): void {
    this.#publish(sessionId, { kind: 'accepted', type, payload });
  }

  publishDeleted(sessionId: string): void {
    this.#publish(sessionId, { kind: 'deleted' });
  }

  #publish(sessionId: string, signal: StreamSignal): void {
    for (const listener of this.#listeners.get(sessionId) ?? []) listener(signal);
  }
}
