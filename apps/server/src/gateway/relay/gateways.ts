import { setTimeout as sleep } from 'node:timers/promises';
import type { KnownNodes } from '../../fleet/nodes/known-nodes.ts';
import { signCall } from '../../internal/node-token.ts';

/** One attempt at one gateway. */
export interface Attempted {
  nodeId: string;
  address: string;
  /** Those that this request has been to, this one included. */
  asked: string[];
  /** There is another one to go on to. */
  more: boolean;
  /** Aborted when the gateway is gone from the fleet. */
  lost: AbortSignal;
  /** What proves to it that we are of its fleet. */
  headers(method: string, path: string): Record<string, string>;
  /** It could not be reached: others are preferred for a moment. */
  failed(): void;
  done(): void;
}

/** Chooses the gateway of each request. */
export interface Gateways {
  /** The next one to ask; null: all were asked, or none has appeared in time. */
  next(asked: string[], signal: AbortSignal): Promise<Attempted | null>;
  close(): void;
}

/** One that failed a moment ago is asked last. */
const SHUNNED_MS = 5_000;
/** How long the first attempt waits for a gateway to appear: all may be starting anew. */
const APPEAR_WITHIN_MS = 15_000;
const LOOK_MS = 250;

/** The gateways of the fleet, those of our own region first, the one with the least to do of ours first among them. */
export function fleetGateways(options: {
  nodes: KnownNodes;
  nodeId: string;
  region: string | null;
  secret: Buffer;
  now?: () => number;
}): Gateways {
  const { nodes, nodeId, region, secret, now = Date.now } = options;
  const open = new Map<string, Set<AbortController>>();
  const shunned = new Map<string, number>();
  const lose = (id: string) => {
    shunned.delete(id);
    for (const one of open.get(id) ?? []) one.abort(new Error('the gateway left the fleet'));
  };
  nodes.on('gone', lose);

  function choose(asked: string[]) {
    const left = nodes.withRole('gateway').filter(({ id }) => !asked.includes(id));
    const rank = (id: string, its: string | null) =>
      ((shunned.get(id) ?? 0) > now() ? 1e9 : 0) + (its === region ? 0 : 1e6) + (open.get(id)?.size ?? 0);
    // Of equals a different one each time.
    const ranked = left.map((node) => ({ node, rank: rank(node.id, node.region) + Math.random() / 2 }));
    ranked.sort((a, b) => a.rank - b.rank);
    return { chosen: ranked[0]?.node ?? null, more: ranked.length > 1 };
  }

  async function next(asked: string[], signal: AbortSignal): Promise<Attempted | null> {
    let { chosen, more } = choose(asked);
    for (const deadline = now() + APPEAR_WITHIN_MS; !chosen && asked.length === 0 && now() < deadline; ) {
      if (signal.aborted) return null;
      await sleep(LOOK_MS);
      ({ chosen, more } = choose(asked));
    }
    if (!chosen || signal.aborted) return null;
    const { id, address } = chosen;
    const lost = new AbortController();
    const its = open.get(id) ?? new Set();
    open.set(id, its.add(lost));
    return {
      nodeId: id,
      address,
      asked: [...asked, id],
      more,
      lost: lost.signal,
      headers: (method, path) => signCall(secret, nodeId, { method, path, principal: null }),
      failed: () => {
        // Of one that is gone nothing is kept: whatever comes under its id is another.
        if (!lost.signal.aborted) shunned.set(id, now() + SHUNNED_MS);
      },
      done: () => {
        its.delete(lost);
        if (its.size === 0) open.delete(id);
      },
    };
  }
  return { next, close: () => void nodes.off('gone', lose) };
}
