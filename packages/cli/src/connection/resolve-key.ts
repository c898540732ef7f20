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
    // A rotated key still works for a while; its name is that of the key that replaced it.
    nameOf: ({ name, replaced_by }) => (replaced_by === null ? name : ''),
  });
}

async function* both(client: Client): AsyncGenerator<Schema<'Key'>> {
  yield* client.keys.list({ limit: PAGE, status: 'active' });
  yield* client.keys.list({ limit: PAGE, status: 'active', test: 'true' });
}
