import type { Client } from '@aaas/client/create-client';
import type { Schema } from '@aaas/client/operations/operation-types';
import { resolveNamed } from './resolve-named.ts';

const PAGE = 100;

/** The key that a user means: by its id or its name. The key itself is not asked for, and not sent. */
export function resolveKey(client: Client, wanted: string): Promise<Schema<'Key'>> {
  return resolveNamed(wanted, {
    noun: 'key',
    prefix: 'apikey_',
    listedBy: 'aaas keys list',
    entries: both(client),
    nameOf: ({ name }) => name,
  });
}

async function* both(client: Client): AsyncGenerator<Schema<'Key'>> {
  yield* client.keys.list({ limit: PAGE, status: 'active' });
  yield* client.keys.list({ limit: PAGE, status: 'active', test: 'true' });
}
