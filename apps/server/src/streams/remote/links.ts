import type { SignalBatch } from './signal-batch.ts';
import { SignalLink, type SignalLinkOptions } from './signal-link.ts';

/** An empty link stays so long: who followed a session of a node will soon follow another. */
const EMPTY_MS = 10_000;

export type LinkEvents = Pick<SignalLinkOptions, 'headersFor' | 'onJoined' | 'lastHeard'> & {
  onBatch: (batch: SignalBatch) => void;
};

interface Kept {
  address: string;
  link: SignalLink;
  emptySince: number | null;
}

/** The links of this node: one to each node whose sessions are followed over it. */
export class Links {
  readonly #events: LinkEvents;
  readonly #kept = new Map<string, Kept>();
  readonly #closing = new Set<Promise<void>>();

  constructor(events: LinkEvents) {
    this.#events = events;
  }

  /** The link to a node, opened when there is none to that address. */
  to(nodeId: string, address: string): SignalLink {
    const known = this.#kept.get(nodeId);
    if (known?.address === address) return known.link;
    this.#drop(nodeId);
    const link = new SignalLink({ ...this.#events, address });
    this.#kept.set(nodeId, { address, link, emptySince: null });
    return link;
  }

  get(nodeId: string): SignalLink | undefined {
    return this.#kept.get(nodeId)?.link;
  }

  /** Ends those that nothing came over for a while. */
  prune(now: number): void {
    for (const [nodeId, kept] of this.#kept) {
      if (kept.link.size > 0) kept.emptySince = null;
      else kept.emptySince ??= now;
      if (kept.emptySince !== null && now - kept.emptySince > EMPTY_MS) this.#drop(nodeId);
    }
  }

  async close(): Promise<void> {
    for (const nodeId of [...this.#kept.keys()]) this.#drop(nodeId);
    await Promise.all(this.#closing);
  }

  #drop(nodeId: string): void {
    const kept = this.#kept.get(nodeId);
    if (!kept) return;
    this.#kept.delete(nodeId);
    const closing: Promise<void> = kept.link.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
