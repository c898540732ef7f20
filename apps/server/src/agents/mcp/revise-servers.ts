import type { McpServerRequest, StoredMcpServer } from '@aaas/contract/mcp';
import type { PoolClient } from 'pg';
import type { Keyring } from '../../secrets/keyring.ts';
import { storeServers } from './store-servers.ts';

/**
 * The servers of a definition with a patch: null removes one, or all; a server that is named is replaced as a whole.
 * Its secrets do not go over to the new one: whoever may change its address must not be given them so.
 */
export async function reviseServers(
  db: PoolClient,
  keyring: Keyring,
  agent: { workspaceId: string; agentId: string },
  current: Record<string, StoredMcpServer>,
  patch: Record<string, McpServerRequest | null> | null,
): Promise<Record<string, StoredMcpServer>> {
  if (patch === null) return {};
  const named = Object.entries(patch);
  const given = named.filter((entry): entry is [string, McpServerRequest] => entry[1] !== null);
  const kept = Object.entries(current).filter(([name]) => !Object.hasOwn(patch, name));
  return { ...Object.fromEntries(kept), ...(await storeServers(db, keyring, agent, Object.fromEntries(given))) };
}
