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

/** What other nodes may want to know of a session. */
export type Published = 'changed' | 'deleted';

/**
 * Hands what happens in this process to those who listen in this process. A hint only: the log is the truth,
 * and a listener that may have missed something reads it. Entries live as long as their listeners.
 */
export class StreamHub {
  readonly #listeners = new Map<string, Set<Listener>>();
  #onPublished: (sessionId: string, what: Published) => void = () => {};

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
    if (events.length === 0) return;
    this.#publish(sessionId, { kind: 'events', events });
    this.#onPublished(sessionId, 'changed');
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
    this.#onPublished(sessionId, 'deleted');
  }

  /** What another node has published. */
  hear(sessionId: string, what: Published): void {
    this.#publish(sessionId, { kind: what });
  }

  /** One listener for everything that is published here. @returns the function that takes it away. */
  onPublished(listener: (sessionId: string, what: Published) => void): () => void {
    this.#onPublished = listener;
    return () => {
      this.#onPublished = () => {};
    };
  }

  #publish(sessionId: string, signal: StreamSignal): void {
    for (const listener of this.#listeners.get(sessionId) ?? []) listener(signal);
  }
}
