import type { Session } from '@aaas/contract/sessions-api';
import type { DirectorySnapshot } from '../../../../sessions/lifecycle/directory-snapshot.ts';
import type { ListedSession } from '../../../../sessions/list-sessions.ts';
import type { SessionState } from '../../../../sessions/session-state.ts';
import { usdOf } from '../turns/present-turn.ts';

/** How a session stands: the part that agents and sessions share. */
export function presentState(state: SessionState) {
  return {
    status: state.status,
    status_reason: state.statusReason,
    status_since: state.statusSince.toISOString(),
    status_detail: state.statusDetail,
    next_action: state.nextAction,
    pid: state.pid,
    node: state.nodeId,
    region: state.region,
    messages_count: state.messagesCount,
    messages_waiting: state.waiting,
    usage: {
      input_tokens: state.usage.inputTokens,
      output_tokens: state.usage.outputTokens,
      cost_usd: usdOf(state.usage.costNanousd),
    },
    restarts: state.restarts,
    directory_snapshot: state.directorySnapshot && presentSnapshot(state.directorySnapshot),
  };
}

function presentSnapshot({ id, seq, taken_at, files, bytes, complete, archive }: DirectorySnapshot) {
  const stored = archive
    ? {
        id: archive.snapshot_id,
        seq: archive.seq,
        taken_at: archive.taken_at,
        archive_bytes: archive.archive_bytes,
        clean: archive.clean,
      }
    : null;
  return { id, seq, taken_at, files, bytes, complete, stored };
}

export function presentSession(session: ListedSession): Session {
  return {
    id: session.id,
    agent_id: session.agentId,
    agent_version: session.agentVersion,
    next_version: session.nextVersion,
    main: session.main,
    title: session.title,
    metadata: session.metadata,
    placement: session.placement,
    ...presentState(session),
    created_at: session.createdAt.toISOString(),
    updated_at: session.updatedAt.toISOString(),
    endpoint: `/api/v1/sessions/${session.id}`,
  };
}
