import type { ApprovalStatus } from '@aaas/contract/approvals';
import type { Pool, PoolClient } from 'pg';

/** An approval as clients see it. */
export interface ApprovalView {
  id: string;
  agentId: string;
  sessionId: string;
  turnId: string;
  tool: string;
  input: unknown;
  status: ApprovalStatus;
  message: string | null;
  decidedBy: string | null;
  requestedAt: Date;
  expiresAt: Date;
  decidedAt: Date | null;
}

const COLUMNS = `a.id, a.agent_id as "agentId", a.session_id as "sessionId", a.turn_id as "turnId", a.tool, a.input, a.state as status,
  a.message, a.decided_by as "decidedBy", a.requested_at as "requestedAt", a.expires_at as "expiresAt", a.decided_at as "decidedAt"`;

type Row = Omit<ApprovalView, 'input'> & { input: string };

export async function findApproval(
  db: Pool | PoolClient,
  workspaceId: string,
  id: string,
): Promise<ApprovalView | null> {
  const result = await db.query<Row>(`select ${COLUMNS} from approvals a where a.id = $1 and a.workspace_id = $2`, [
    id,
    workspaceId,
  ]);
  return result.rows[0] ? toView(result.rows[0]) : null;
}

export interface ApprovalFilter {
  agentId: string | null;
  sessionId: string | null;
  status: ApprovalStatus | null;
  after: string | null;
  limit: number;
}

/** Newest first. */
export async function listApprovals(pool: Pool, workspaceId: string, filter: ApprovalFilter): Promise<ApprovalView[]> {
  const result = await pool.query<Row>(
    `select ${COLUMNS} from approvals a
      where a.workspace_id = $1 and ($2::text is null or a.agent_id = $2) and ($3::text is null or a.session_id = $3)
        and ($4::text is null or a.state = $4) and ($5::text is null or a.id collate "C" < $5)
      order by a.id collate "C" desc limit $6`,
    [workspaceId, filter.agentId, filter.sessionId, filter.status, filter.after, filter.limit],
  );
  return result.rows.map(toView);
}

function toView(row: Row): ApprovalView {
  return { ...row, input: JSON.parse(row.input) };
}
