import type { ApprovalStatus } from '@aaas/contract/approvals';
import { newId } from '@aaas/contract/ids';
import type { PoolClient } from 'pg';
import { addNotice } from '../log/add-notice.ts';
import { type ApprovalView, findApproval } from './find-approvals.ts';

/** Whose ask it is. A session may be named too: then it must be of that one. */
export interface AskAddress {
  workspaceId: string;
  id: string;
  sessionId?: string;
}

export interface Decision {
  decision: 'allow' | 'deny';
  message: string | null;
  /** Of the API key that decides. */
  keyId: string;
}

export type Resolved =
  | { kind: 'decided' | 'repeated'; approval: ApprovalView; confirmationId: string }
  | { kind: 'otherwise'; status: Exclude<ApprovalStatus, 'open'> }
  | { kind: 'no_approval' };

// The head's lock comes first, as in every statement that takes both: the owner may be ending the turn.
const LOCK = `select a.state, a.expires_at as "expiresAt", a.turn_id as "turnId", a.session_id as "sessionId",
                     a.confirmation_id as "confirmationId"
                from session_heads h join approvals a using (session_id)
               where a.id = $1 and a.workspace_id = $2 and ($3::text is null or a.session_id = $3)
                 for update of h, a`;

interface Locked {
  state: ApprovalStatus;
  expiresAt: Date;
  turnId: string;
  sessionId: string;
  confirmationId: string | null;
}

/**
 * Answers an ask, in a transaction of the caller's, who wakes the session when it is committed. The same decision again is the first
 * one; another one changes nothing.
 */
export async function resolveAsk(
  db: PoolClient,
  address: AskAddress,
  { decision, message, keyId }: Decision,
  at: Date,
): Promise<Resolved> {
  const found = await db.query<Locked>(LOCK, [address.id, address.workspaceId, address.sessionId ?? null]);
  const ask = found.rows[0];
  if (!ask) return { kind: 'no_approval' };
  const status = decision === 'allow' ? 'allowed' : 'denied';
  if (ask.state !== 'open') {
    if (ask.state !== status) return { kind: 'otherwise', status: ask.state };
    return { kind: 'repeated', approval: await viewOf(db, address), confirmationId: ask.confirmationId ?? '' };
  }
  // Late by the clock, although nobody has come by to say so.
  if (ask.expiresAt <= at) return { kind: 'otherwise', status: 'expired' };
  const confirmationId = newId('sevt');
  await db.query(
    `update approvals set state = $2, message = $3, decided_by = $4, decided_at = $5, confirmation_id = $6 where id = $1`,
    [address.id, status, message, keyId, at, confirmationId],
  );
  await addNotice(
    db,
    {
      sessionId: ask.sessionId,
      workspaceId: address.workspaceId,
      turnId: ask.turnId,
      id: confirmationId,
      type: 'user.tool_confirmation',
      body: { tool_use_id: address.id, result: decision, ...(message === null ? {} : { deny_message: message }) },
    },
    at,
  );
  return { kind: 'decided', approval: await viewOf(db, address), confirmationId };
}

async function viewOf(db: PoolClient, { workspaceId, id }: AskAddress): Promise<ApprovalView> {
  const approval = await findApproval(db, workspaceId, id);
  if (!approval) throw new Error(`failed to find approval ${id} after it was decided`);
  return approval;
}
