import type { MessageResponse, Turn } from '@aaas/contract/operations-api';
import type { TurnView } from '../../../../sessions/turns/find-turn.ts';

const NANO = 1e9;

/** What cost is stored in, as the API shows it. */
export function usdOf(nanousd: number): number {
  return nanousd / NANO;
}

export function presentTurn(turn: TurnView, queuePosition: number | null = null): Turn {
  return {
    id: turn.id,
    state: turn.state,
    attempts: turn.attempts,
    response: turn.response,
    stop_reason: turn.stopReason,
    error: turn.error,
    approvals: turn.approvals,
    model: turn.model,
    usage: presentTurnUsage(turn),
    cost_usd: usdOf(turn.costNanousd),
    accepted_at: turn.acceptedAt.toISOString(),
    started_at: turn.startedAt?.toISOString() ?? null,
    ended_at: turn.endedAt?.toISOString() ?? null,
    queue_position: queuePosition,
  };
}

/** What an answer says of the turn that gave it. */
export function presentAnswer(turn: TurnView): Pick<MessageResponse, 'response' | 'timestamp' | 'metadata'> {
  const ended = turn.endedAt ?? turn.acceptedAt;
  return {
    response: turn.response ?? '',
    timestamp: ended.toISOString(),
    metadata: {
      turn_id: turn.id,
      stop_reason: turn.stopReason,
      messages_count: turn.messagesCount,
      usage: presentTurnUsage(turn),
      cost_usd: usdOf(turn.costNanousd),
      duration_ms: ended.getTime() - turn.acceptedAt.getTime(),
      model: turn.model,
    },
  };
}

export function presentTurnUsage(
  turn: Pick<TurnView, 'inputTokens' | 'outputTokens' | 'cacheReadInputTokens' | 'cacheCreationInputTokens'>,
) {
  return {
    input_tokens: turn.inputTokens,
    output_tokens: turn.outputTokens,
    cache_read_input_tokens: turn.cacheReadInputTokens,
    cache_creation_input_tokens: turn.cacheCreationInputTokens,
  };
}
