import type { Status, StatusReason } from '@aaas/contract/lifecycle';
import type { DirectorySnapshot } from './lifecycle/directory-snapshot.ts';

/** How a session stands, as clients see it. */
export interface SessionState {
  status: Status;
  statusReason: StatusReason;
  statusSince: Date;
  statusDetail: string | null;
  nextAction: string | null;
  pid: number | null;
  nodeId: string | null;
  /** Where it is to run. */
  region: string | null;
  restarts: number;
  messagesCount: number;
  waiting: number;
  directorySnapshot: DirectorySnapshot | null;
  usage: { inputTokens: number; outputTokens: number; costNanousd: number };
}

/** Its columns, for a query in which `s` is the session. */
export const SESSION_STATE = `
  s.status, s.status_reason as "statusReason", s.status_since as "statusSince", s.status_detail as "statusDetail",
  s.next_action as "nextAction", s.pid, case when s.pid is null then null else s.node_id end as "nodeId",
  case when s.lane = '' then null else s.lane::jsonb ->> 'region' end as region,
  s.restarts, s.directory_snapshot as "directorySnapshot", s.messages_count as "messagesCount",
  (select count(*)::int from inputs i where i.session_id = s.id and i.consumed_seq is null) as waiting,
  (select json_build_object('inputTokens', coalesce(sum(u.input_tokens + u.cache_read_input_tokens
                                                        + u.cache_creation_5m_input_tokens + u.cache_creation_1h_input_tokens), 0),
                            'outputTokens', coalesce(sum(u.output_tokens), 0),
                            'costNanousd', coalesce(sum(u.cost_nanousd), 0))
     from session_usage u where u.session_id = s.id) as usage`;
