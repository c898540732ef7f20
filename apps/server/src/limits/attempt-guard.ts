import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { clientNetwork } from './client-network.ts';
import { WindowCounter } from './window-counter.ts';

const WINDOW_MS = 60_000;
const KNOWN_MAX = 10_000;
const KNOWN_MS = 60 * 60_000;

/**
 * Slows down whoever tries keys. Addresses that failed too often in this minute are refused before their key is looked
 * up, right or wrong: else a guesser would still learn which one is right. Keys that were right within the last hour
 * pass all the same, so that a stranger behind the same proxy locks nobody out who is at work.
 */
export class AttemptGuard {
  readonly #failures = new WindowCounter(WINDOW_MS);
  readonly #known = new LRUCache<string, true>({ max: KNOWN_MAX, ttl: KNOWN_MS });

  /** Milliseconds that this caller has to wait; 0: it may try. */
  refusedMs(address: string | undefined, key: string | null, max: number): number {
    const network = clientNetwork(address);
    if (this.#failures.count(network) < max) return 0;
    if (key !== null && this.#known.has(nameOf(key))) return 0;
    return this.#failures.resetMs(network);
  }

  failed(address: string | undefined, key: string | null): void {
    this.#failures.add(clientNetwork(address));
    if (key !== null) this.#known.delete(nameOf(key));
  }

  succeeded(key: string): void {
    this.#known.set(nameOf(key), true);
  }
}

function nameOf(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}
