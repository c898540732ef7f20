import type { Client } from '@aaas/client/create-client';
import type { Schema } from '@aaas/client/operations/operation-types';
import { resolveNamed } from './resolve-named.ts';

const PAGE = 100;

/** The workspace that a user means: by its id or its name. */
export function resolveWorkspace(client: Client, wanted: string): Promise<Schema<'Workspace'>> {
  return resolveNamed(wanted, {
    noun: 'workspace',
    prefix: 'wrkspc_',
    listedBy: 'aaas workspaces list',
    entries: client.workspaces.list({ limit: PAGE }),
    nameOf: ({ name }) => name,
  });
}
