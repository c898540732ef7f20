import type { LiveDelta, LoggedEvent } from '@aaas/contract/events';
import type { TurnView } from '../sessions/turns/find-turn.ts';

/** What reaches the listeners of one session in this process. */
export type StreamSignal =
  | { kind: 'events'; events: LoggedEvent[] }
  | { kind: 'delta'; turnId: string; delta: LiveDelta }
  /** Comes after the events of its end. */
  | { kind: 'turn_ended'; turn: TurnView }
  /** An input came into the inbox; the same event follows when it is consumed. */
  | { kind: 'accepted'; type: string; payload: string }
  /** The log grew on another node. */
  | { kind: 'changed' }
  | { kind: 'deleted' };

type Listener = (signal: StreamSignal) => void;

/**
 * Hands what happens in this process to those who listen in this process. A hint only: the log is the truth,
 * and a listener that may have missed something reads it. Entries live as long as their listeners.
 */
export class StreamHub {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #publishedTo = new Set<(sessionId: string, signal: StreamSignal) => void>();
  #onListening: (sessionId: string) => void = () => {};

  /** @returns the function that ends the subscription. */
  subscribe(sessionId: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(sessionId) ?? new Set();
    this.#listeners.set(sessionId, listeners.add(listener));
    if (listeners.size === 1) this.#onListening(sessionId);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(sessionId) === listeners) this.#listeners.delete(sessionId);
    };
  }

  /** Whether somebody listens to a session in this process. */
  isListened(sessionId: string): boolean {
    return this.#listeners.has(sessionId);
  }

  /** The sessions that somebody listens to in this process. */
  listened(): Iterable<string> {
    return this.#listeners.keys();
  }

  /** Called when somebody begins to listen to a session that nobody listened to. One caller. */
  onListening(listener: (sessionId: string) => void): () => void {
    this.#onListening = listener;
    return () => {
      this.#onListening = () => {};
    };
  }

  publishEvents(sessionId: string, events: LoggedEvent[]): void {
    if (events.length > 0) this.#publish(sessionId, { kind: 'events', events });
  }

  /** For those who wait for the turn alone: they need not look it up. */
  publishTurnEnded(turn: TurnView): void {
    this.#publish(turn.sessionId, { kind: 'turn_ended', turn });
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

  /** What another node has published. */
  hear(sessionId: string, signal: StreamSignal): void {
    for (const listener of this.#listeners.get(sessionId) ?? []) listener(signal);
  }

  /** Called with everything that is published in this process. @returns the function that ends it. */
  onPublished(listener: (sessionId: string, signal: StreamSignal) => void): () => void {
    this.#publishedTo.add(listener);
    return () => void this.#publishedTo.delete(listener);
  }

  #publish(sessionId: string, signal: StreamSignal): void {
    this.hear(sessionId, signal);
    for (const listener of this.#publishedTo) listener(sessionId, signal);
  }
}
