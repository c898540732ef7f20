import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { Pool, PoolClient } from 'pg';
import type { Keyring } from '../../secrets/keyring.ts';
import { openCredential } from '../mcp/credentials.ts';

/** Names of the variables of a definition, in whichever form it is. */
export function envNames({ env, sealed_env: sealed }: AgentDefinition): string[] {
  return sealed ? sealed.names : Object.keys(env);
}

/** A stored definition with the values of its variables. @throws when they cannot be opened. */
export async function openEnv(
  db: Pool | PoolClient,
  keyring: Keyring,
  agent: { workspaceId: string; agentId: string },
  definition: AgentDefinition,
): Promise<AgentDefinition> {
  const { sealed_env: sealed, ...rest } = definition;
  if (!sealed) return rest;
  return { ...rest, env: await openCredential(db, keyring, agent, sealed.credential) };
}
