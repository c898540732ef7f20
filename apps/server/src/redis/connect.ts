import { Redis } from 'ioredis';

const CONNECT_MS = 1_000;
const DISCONNECT_MS = 100;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 1_000;

/**
 * A connection that fails at once what it cannot send, repeats nothing by itself, and tries for ever to come back. It
 * is not connected yet. Protocol 2: spoken by every Redis, Valkey and proxy before them.
 */
export function createConnection(url: string, name: string): Redis {
  return new Redis(url, {
    lazyConnect: true,
    protocol: 2,
    connectionName: name,
    disableClientInfo: true,
    connectTimeout: CONNECT_MS,
    disconnectTimeout: DISCONNECT_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // Whoever subscribes does so again when Redis is said to be back: nobody may think that it heard everything.
    autoResubscribe: false,
    retryStrategy: (times) => Math.min(RETRY_MIN_MS * 2 ** (times - 1), RETRY_MAX_MS) * (0.8 + 0.4 * Math.random()),
  });
}
