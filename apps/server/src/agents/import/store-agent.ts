import type { AgentArchive } from '@aaas/contract/agent-archive';
import type { AgentDefinition } from '@aaas/contract/agent-config';
import { newId } from '@aaas/contract/ids';
import type { Status } from '@aaas/contract/lifecycle';
import type { PoolClient } from 'pg';
import type { Keyring } from '../../secrets/keyring.ts';
import { type KnownEnv, sealEnv } from '../env/seal-env.ts';

/** The rows of an imported agent, but for those that come line by line. */
export interface NewAgent {
  workspaceId: string;
  environmentId: string;
  agentId: string;
  sessionId: string;
  /** Names the user of its processes. */
  number: number;
  nodeId: string;
  /** Of this node. */
  homeRegion: string | null;
  /** Names its directory. */
  copy: string;
  harnessSessionId: string;
  archive: AgentArchive;
  definitions: { version: number; createdAt: string; definition: AgentDefinition }[];
  start: boolean;
  now: Date;
}

export async function storeAgent(db: PoolClient, keyring: Keyring, agent: NewAgent): Promise<void> {
  const { archive, workspaceId, agentId, sessionId, now } = agent;
  const current = agent.definitions.at(-1)?.definition as AgentDefinition;
  await db.query(
    `insert into agents (id, workspace_id, name, agent_type, current_version, main_session_id, metadata, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
    [
      agentId,
      workspaceId,
      current.name,
      current.agent_type,
      archive.agent.current_version,
      sessionId,
      archive.agent.metadata,
      now,
    ],
  );
  const stored: AgentDefinition[] = [];
  let known: KnownEnv | undefined;
  for (const { definition: open } of agent.definitions) {
    known = { open, stored: await sealEnv(db, keyring, agent, open, known) };
    stored.push(known.stored);
  }
  await db.query(
    `insert into agent_versions (agent_id, version, workspace_id, definition, created_at)
     select $1, v.version, $2, v.definition, v.created_at
       from unnest($3::int[], $4::jsonb[], $5::timestamptz[]) v (version, definition, created_at)`,
    [
      agentId,
      workspaceId,
      agent.definitions.map(({ version }) => version),
      stored.map((definition) => JSON.stringify(definition)),
      agent.definitions.map(({ createdAt }) => createdAt),
    ],
  );
  await db.query(
    `insert into sessions (id, workspace_id, agent_id, agent_version, environment_id, number, harness, harness_session_id,
                           title, metadata, next_version, intent, operation, sandbox_phase, status_reason, node_id,
                           directory_node, directory_copy, directory_unsaved,
                           created_at, updated_at, status_since, home_region, lane)
     overriding system value
     select $1, $2, $3, $4::int, $5, $6::int, $7, $8, $9, $10::jsonb, $11::int, $12, $13, $14, 'imported', $15, $15, $18, true,
            $16::timestamptz, $16, $16, $17::text,
            lane_of(v.definition -> 'placement', null, $17)
       from agent_versions v where v.agent_id = $3 and v.version = coalesce($11::int, $4::int)`,
    [
      sessionId,
      workspaceId,
      agentId,
      archive.session.agent_version,
      agent.environmentId,
      agent.number,
      current.harness,
      agent.harnessSessionId,
      archive.session.title,
      archive.session.metadata,
      // It was exported before it had taken its newest version.
      archive.session.agent_version === archive.agent.current_version ? null : archive.agent.current_version,
      agent.start ? 'active' : 'stopped',
      agent.start ? 'start' : null,
      agent.start ? 'starting' : 'none',
      agent.nodeId,
      now,
      agent.homeRegion,
      agent.copy,
    ],
  );
}

/** The end of an import: where log and inbox stand, the event that says where the agent came from, and its first wish. */
export async function openImported(
  db: PoolClient,
  { workspaceId, sessionId, start, now }: Pick<NewAgent, 'workspaceId' | 'sessionId' | 'start' | 'now'>,
  stored: { lastSeq: number; lastPosition: number; turns: number; lastStatus: Status },
): Promise<void> {
  const id = newId('sevt');
  const body = {
    from: stored.lastStatus,
    to: start ? 'starting' : 'stopped',
    reason: 'imported',
    detail: null,
    processed_at: now.toISOString(),
  };
  const seq = stored.lastSeq + 1;
  await db.query(
    `insert into events (session_id, seq, id, type, at, payload) values ($1, $2, $3, 'x.lifecycle', $4, $5)`,
    [sessionId, seq, id, now, JSON.stringify({ id, type: 'x.lifecycle', ...body })],
  );
  await db.query('update sessions set messages_count = $2 where id = $1', [sessionId, stored.turns]);
  await db.query(
    `insert into session_heads (session_id, workspace_id, last_seq, last_position, runnable_at, lane, last_node, held_by)
     select $1, $2, $3, $4, $5, case when $5::timestamptz is null then '' else lane end, node_id,
            case when $5::timestamptz is null then '' else directory_holder(id) end from sessions where id = $1`,
    [sessionId, workspaceId, seq, stored.lastPosition, start ? now : null],
  );
}
