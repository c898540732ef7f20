import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { Pool } from 'pg';
import { transaction } from '../../postgres/transaction.ts';
import type { Keyring } from '../../secrets/keyring.ts';
import { sealEnv } from './seal-env.ts';

const BATCH = 100;

interface PlainVersion {
  agentId: string;
  version: number;
  workspaceId: string;
  definition: AgentDefinition;
  deleted: boolean;
}

// The condition is that of the index agent_versions_plain_env.
const FIND = `
  select v.agent_id as "agentId", v.version, v.workspace_id as "workspaceId", v.definition,
         a.archived_at is not null and not a.hidden as deleted
    from agent_versions v join agents a on a.id = v.agent_id
   where v.definition -> 'env' <> '{}' order by v.agent_id, v.version limit ${BATCH}
     for update of v skip locked for share of a`;

const STORE = 'update agent_versions set definition = $3 where agent_id = $1 and version = $2';

/**
 * Seals the variables of versions that were stored before there was a place for them, and takes them out of those of
 * deleted agents. Safe beside servers that do the same. @returns how many versions it has changed.
 */
export async function sealStored(pool: Pool, keyring: Keyring): Promise<number> {
  for (let sealed = 0; ; ) {
    const done = await transaction(pool, async (db) => {
      const { rows } = await db.query<PlainVersion>(FIND);
      let before: { agentId: string; open: AgentDefinition; stored: AgentDefinition } | undefined;
      for (const { agentId, version, workspaceId, definition: open, deleted } of rows) {
        const known = before?.agentId === agentId ? before : undefined;
        const stored = deleted
          ? { ...open, env: {} }
          : await sealEnv(db, keyring, { workspaceId, agentId }, open, known);
        await db.query(STORE, [agentId, version, stored]);
        before = { agentId, open, stored };
      }
      return rows.length;
    });
    sealed += done;
    if (done < BATCH) return sealed;
  }
}
