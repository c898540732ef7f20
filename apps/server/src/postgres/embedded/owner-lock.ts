import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { claimServer } from './claim-server.ts';

const RECLAIM_EVERY_MS = 1_000;

export interface OwnerLock {
  /** Another process took the database over while our connection was broken: it is not ours to stop any more. */
  readonly lost: boolean;
  /** The database is about to stop: do not take the lock again when that breaks the connection. */
  release(): void;
  close(): Promise<void>;
}

/** Keeps a claim. When one backend crashes PostgreSQL ends all connections, the claim's too: then it is renewed. */
export function keepOwnerLock(claimed: pg.Client, socketDir: string, cluster: string): OwnerLock {
  let client = claimed;
  let released = false;
  let lost = false;

  const hold = (held: pg.Client) => {
    client = held;
    socketOf(held).unref(); // the lock alone keeps no process running
    held.once('end', () => void reclaim());
  };
  const reclaim = async () => {
    while (!released) {
      await delay(RECLAIM_EVERY_MS, undefined, { ref: false });
      if (released) return;
      const claim = await claimServer(socketDir, cluster);
      if (claim.kind === 'owned') {
        if (released) return claim.client.end();
        return hold(claim.client);
      }
      if (claim.kind === 'taken') {
        lost = true;
        return;
      }
    }
  };
  hold(claimed);

  return {
    get lost() {
      return lost;
    },
    release() {
      released = true;
    },
    async close() {
      released = true;
      socketOf(client).ref(); // or the process could end before this promise does
      await client.end().catch(() => {});
    },
  };
}

function socketOf(client: pg.Client): Socket {
  return client.connection.stream as Socket;
}
