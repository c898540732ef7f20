import { type Client, createClient } from '@aaas/client/create-client';
import type { GlobalOptions } from '../global-options.ts';
import { findServer } from './find-server.ts';

// Somebody waits at a terminal: a server that is not there is to be named soon.
const RETRIES = { attempts: 3, firstDelayMs: 150, maxRetryAfterMs: 5_000 };

/** A client of the platform that the options, the environment or a data directory name. */
export function connect(options: GlobalOptions): Client {
  const { url, apiKey } = findServer(options);
  return createClient({ baseUrl: url, retries: RETRIES, ...(apiKey === null ? {} : { apiKey }) });
}
