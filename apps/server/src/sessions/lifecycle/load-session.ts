import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { Intent, SandboxPhase, Status, TurnStatus } from '@aaas/contract/lifecycle';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import type { DirectoryNote } from './directory-snapshot.ts';

/** A session as its owner works with it. */
export interface SessionRow {
  id: string;
  workspaceId: string;
  agentId: string;
  agentVersion: number;
  /** The version to take when no turn is open. */
  nextVersion: number | null;
  /** Of a query: it ends with its answer. */
  ephemeral: boolean;
  number: number;
  harness: string;
  harnessSessionId: string;
  definition: AgentDefinition;
  intent: Intent;
  turnStatus: TurnStatus;
  sandboxPhase: SandboxPhase;
  status: Status;
  operation: 'start' | 'restart' | 'hibernate' | null;
  pid: number | null;
  restarts: number;
  /** When its processes were lost, as far as it may count against its restart policy. */
  losses: Date[];
  retryAt: Date | null;
  messagesCount: number;
  openTurnId: string | null;
  /** Counter of requests made of the session; clear-runnable.ts compares it. */
  requested: number;
  /** It is marked as having something to do. */
  runnable: boolean;
  messageWaits: boolean;
  interruptWaits: boolean;
  noticeWaits: boolean;
  asksUnlisted: number;
  asksAnswered: number;
  /** On whose disk its directory lies, and which copy it is. */
  directoryNode: string | null;
  directoryCopy: string | null;
  /** Moves of the directory of which the model may not have been told. */
  directoryNotes: DirectoryNote[] | null;
}

const LOAD = {
  name: 'session.load',
  text: `
    select s.id, s.workspace_id as "workspaceId", s.agent_id as "agentId", s.agent_version as "agentVersion", s.next_version as "nextVersion", s.ephemeral,
           s.number, s.harness, s.harness_session_id as "harnessSessionId", v.definition, s.intent,
           s.turn_status as "turnStatus", s.sandbox_phase as "sandboxPhase", s.status, s.operation, s.pid, s.restarts,
           s.losses, s.retry_at as "retryAt", s.messages_count as "messagesCount", h.requested,
           h.runnable_at is not null as runnable,
           (select t.id from turns t where t.session_id = s.id and t.state = 'running') as "openTurnId",
           exists (select 1 from inputs i where i.session_id = s.id and i.consumed_seq is null
                      and i.type <> 'user.interrupt') as "messageWaits",
           exists (select 1 from inputs i where i.session_id = s.id and i.consumed_seq is null
                      and i.type = 'user.interrupt') as "interruptWaits",
           exists (select 1 from notices n where n.session_id = s.id and n.logged_seq is null) as "noticeWaits",
           s.directory_node as "directoryNode", s.directory_copy as "directoryCopy", s.directory_notes as "directoryNotes",
           a.unlisted as "asksUnlisted", a.answered as "asksAnswered"
      from session_heads h
      join sessions s on s.id = h.session_id
      join agent_versions v on v.agent_id = s.agent_id and v.version = s.agent_version
     cross join lateral (
       select count(*) filter (where a.state = 'open' and a.listed_at is null)::int as unlisted,
              count(*) filter (where a.state <> 'open')::int as answered
         from approvals a where a.session_id = s.id and a.noted_at is null) a
     where h.session_id = $1 and h.generation = $2`,
};

/** @throws Fenced when the generation has ended. */
export async function loadSession(ctx: SessionContext, owned: OwnedSession): Promise<SessionRow> {
  const result = await ctx.pool.query<SessionRow>({ ...LOAD, values: [owned.sessionId, owned.generation] });
  const row = result.rows[0];
  if (!row) throw new Fenced(owned);
  return row;
}
