import { newId } from '@aaas/contract/ids';
import type { Pool, PoolClient } from 'pg';
import type { Keyring, SecretPlace } from '../../secrets/keyring.ts';
import type { SealedColumn } from '../../secrets/reseal.ts';

export const CREDENTIAL_COLUMN: SealedColumn = { table: 'agent_credentials', column: 'sealed' };

function placeOf(workspaceId: string, id: string): SecretPlace {
  return { ...CREDENTIAL_COLUMN, row: id, workspaceId };
}

/** Stores names and values that nobody is shown again. @returns the id that a definition names. */
export async function storeCredential(
  db: PoolClient,
  keyring: Keyring,
  agent: { workspaceId: string; agentId: string },
  values: Record<string, string>,
): Promise<string> {
  const id = newId('cred');
  const sealed = keyring.seal(JSON.stringify(values), placeOf(agent.workspaceId, id));
  await db.query('insert into agent_credentials (id, workspace_id, agent_id, sealed) values ($1, $2, $3, $4)', [
    id,
    agent.workspaceId,
    agent.agentId,
    sealed,
  ]);
  return id;
}

const FIND = {
  name: 'agents.find-credential',
  text: 'select sealed from agent_credentials where id = $1 and workspace_id = $2 and agent_id = $3',
};

/** @throws when the row is gone or was sealed with a key that this server has not. */
export async function openCredential(
  db: Pool | PoolClient,
  keyring: Keyring,
  agent: { workspaceId: string; agentId: string },
  id: string,
): Promise<Record<string, string>> {
  const { rows } = await db.query<{ sealed: string }>({ ...FIND, values: [id, agent.workspaceId, agent.agentId] });
  if (!rows[0]) throw new Error(`failed to open the credential ${id}: it is not stored`);
  return JSON.parse(keyring.open(rows[0].sealed, placeOf(agent.workspaceId, id)));
}
