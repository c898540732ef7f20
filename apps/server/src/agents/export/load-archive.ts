import { type AgentArchive, ARCHIVE_FORMAT, ARCHIVE_VERSION } from '@aaas/contract/agent-archive';
import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { Pool } from 'pg';
import type { Keyring } from '../../secrets/keyring.ts';
import { envNames, openEnv } from '../env/open-env.ts';
import { exportedDefinition } from './exported-definition.ts';

interface AgentRow {
  agent: AgentArchive['agent'];
  session: Omit<AgentArchive['session'], 'directory'>;
  versions: (Omit<AgentArchive['versions'][number], 'definition'> & { definition: AgentDefinition })[];
}

// Times as RFC 3339, as JSON has them; to_json would leave out the Z.
const at = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const LOAD = {
  name: 'export.agent',
  text: `select json_build_object('id', a.id, 'metadata', a.metadata, 'current_version', a.current_version,
                                  'created_at', ${at('a.created_at')}) as agent,
                json_build_object('id', s.id, 'agent_version', s.agent_version, 'harness', s.harness,
                                  'harness_session_id', s.harness_session_id, 'title', s.title, 'metadata', s.metadata,
                                  'created_at', ${at('s.created_at')}) as session,
                (select json_agg(json_build_object('version', v.version, 'created_at', ${at('v.created_at')},
                                                   'definition', v.definition) order by v.version)
                   from agent_versions v where v.agent_id = a.id) as versions
           from agents a join sessions s on s.id = a.main_session_id
          where a.workspace_id = $1 and a.id = $2 and a.archived_at is null`,
};

/** `agent.json` of an agent; null when there is no such agent in the workspace. */
export async function loadArchive(
  pool: Pool,
  keyring: Keyring,
  agent: { workspaceId: string; agentId: string },
  facts: { platformVersion: string; logSeq: number; directory: string; includeEnv: boolean; now: Date },
): Promise<AgentArchive | null> {
  const result = await pool.query<AgentRow>({ ...LOAD, values: [agent.workspaceId, agent.agentId] });
  const row = result.rows[0];
  if (!row) return null;
  const names = row.versions.flatMap(({ definition }) => envNames(definition));
  const versions: AgentArchive['versions'] = [];
  for (const { definition: stored, ...version } of row.versions) {
    const definition = facts.includeEnv ? await openEnv(pool, keyring, agent, stored) : stored;
    versions.push({ ...version, definition: exportedDefinition(definition, facts.includeEnv) });
  }
  return {
    format: ARCHIVE_FORMAT,
    format_version: ARCHIVE_VERSION,
    platform_version: facts.platformVersion,
    exported_at: facts.now.toISOString(),
    log_seq: facts.logSeq,
    env_names: facts.includeEnv ? [] : [...new Set(names)].sort(),
    agent: row.agent,
    versions,
    session: { ...row.session, directory: facts.directory },
  };
}
