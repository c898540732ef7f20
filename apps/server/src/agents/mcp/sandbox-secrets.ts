import type { StoredMcpServer } from '@aaas/contract/mcp';
import type { Pool } from 'pg';
import type { Keyring } from '../../secrets/keyring.ts';
import { openCredential } from './credentials.ts';

/** The variables of the servers that run beside the agent, by server. Those over HTTP keep theirs in the gateway. */
export async function sandboxSecrets(
  pool: Pool,
  keyring: Keyring,
  agent: { workspaceId: string; agentId: string },
  servers: Record<string, StoredMcpServer>,
): Promise<Map<string, Record<string, string>>> {
  const secrets = new Map<string, Record<string, string>>();
  for (const [name, { type, credential }] of Object.entries(servers)) {
    if (type === 'stdio' && credential !== null)
      secrets.set(name, await openCredential(pool, keyring, agent, credential));
  }
  return secrets;
}
