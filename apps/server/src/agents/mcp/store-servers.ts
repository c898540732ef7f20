import type { McpServerRequest, StoredMcpServer } from '@aaas/contract/mcp';
import type { PoolClient } from 'pg';
import type { Keyring } from '../../secrets/keyring.ts';
import { storeCredential } from './credentials.ts';

/** Turns the servers of a request into what a definition holds; their secrets go where they are sealed. */
export async function storeServers(
  db: PoolClient,
  keyring: Keyring,
  agent: { workspaceId: string; agentId: string },
  servers: Record<string, McpServerRequest>,
): Promise<Record<string, StoredMcpServer>> {
  const stored: Record<string, StoredMcpServer> = {};
  for (const [name, server] of Object.entries(servers)) {
    const values = (server.type === 'http' ? server.headers : server.env) ?? {};
    const secretNames = Object.keys(values);
    const credential = secretNames.length === 0 ? null : await storeCredential(db, keyring, agent, values);
    stored[name] = { ...withoutSecrets(server), credential, secret_names: secretNames };
  }
  return stored;
}

/** A server as a definition holds it when it has no secrets. */
export function withoutSecrets(server: McpServerRequest): StoredMcpServer {
  return {
    ...(server.type === 'http'
      ? { type: server.type, url: server.url }
      : { type: server.type, command: server.command, args: server.args ?? [] }),
    tools: server.tools ?? null,
    permission: server.permission ?? null,
    timeout_seconds: server.timeout_seconds ?? null,
    credential: null,
    secret_names: [],
  };
}
