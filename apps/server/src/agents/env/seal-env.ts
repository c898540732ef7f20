import { isDeepStrictEqual } from 'node:util';
import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { PoolClient } from 'pg';
import type { Keyring } from '../../secrets/keyring.ts';
import { storeCredential } from '../mcp/credentials.ts';

/** A definition as it was read, with its variables open, and as it is stored. */
export interface KnownEnv {
  open: AgentDefinition;
  stored: AgentDefinition;
}

/**
 * A definition as it is stored: the values of its variables go where they are sealed. Variables that are those of
 * `known` stay in the row they are in: whoever compares versions sees that nothing has changed there.
 */
export async function sealEnv(
  db: PoolClient,
  keyring: Keyring,
  agent: { workspaceId: string; agentId: string },
  definition: AgentDefinition,
  known?: KnownEnv,
): Promise<AgentDefinition> {
  const { sealed_env: _sealed, ...open } = definition;
  const names = Object.keys(open.env);
  if (names.length === 0) return open;
  if (known?.stored.sealed_env && isDeepStrictEqual(known.open.env, open.env))
    return { ...open, env: {}, sealed_env: known.stored.sealed_env };
  const credential = await storeCredential(db, keyring, agent, open.env);
  return { ...open, env: {}, sealed_env: { names, credential } };
}
