import type { Agent, MessageResponse, Turn } from '@aaas/contract/operations-api';
import type { AgentView } from '../../../../agents/find-agents.ts';
import type { TurnView } from '../../../../sessions/turns/find-turn.ts';

const NANO = 1e9;

/** Where an agent is reached, relative to the server. */
export function endpointOf(agentId: string): string {
  return `/api/v1/agents/${agentId}`;
}

export function presentAgent(view: AgentView): Agent {
  const { prompt_base: _base, env, ...definition } = view.definition;
  return {
    id: view.id,
    session_id: view.sessionId,
    status: view.status,
    status_reason: view.statusReason,
    status_since: view.statusSince.toISOString(),
    status_detail: view.statusDetail,
    next_action: view.nextAction,
    config: {
      ...definition,
      budget: definition.budget ?? null,
      env: Object.fromEntries(Object.keys(env).map((name) => [name, '[set]' as const])),
    },
    version: view.version,
    created_at: view.createdAt.toISOString(),
    endpoint: endpointOf(view.id),
    pid: view.pid,
    node: view.nodeId,
    messages_count: view.messagesCount,
    messages_waiting: view.waiting,
    usage: {
      input_tokens: view.usage.inputTokens,
      output_tokens: view.usage.outputTokens,
      cost_usd: view.usage.costNanousd / NANO,
    },
    restarts: view.restarts,
  };
}

export function presentTurn(turn: TurnView): Turn {
  return {
    id: turn.id,
    state: turn.state,
    attempts: turn.attempts,
    response: turn.response,
    stop_reason: turn.stopReason,
    error: turn.error,
    model: turn.model,
    usage: usageOf(turn),
    cost_usd: turn.costNanousd / NANO,
    accepted_at: turn.acceptedAt.toISOString(),
    started_at: turn.startedAt?.toISOString() ?? null,
    ended_at: turn.endedAt?.toISOString() ?? null,
  };
}

/** The answer to a message, once its turn has ended. */
export function presentAnswer(agentId: string, turn: TurnView): MessageResponse {
  const ended = turn.endedAt ?? turn.acceptedAt;
  return {
    agent_id: agentId,
    response: turn.response ?? '',
    timestamp: ended.toISOString(),
    metadata: {
      turn_id: turn.id,
      stop_reason: turn.stopReason,
      messages_count: turn.messagesCount,
      usage: usageOf(turn),
      cost_usd: turn.costNanousd / NANO,
      duration_ms: ended.getTime() - turn.acceptedAt.getTime(),
      model: turn.model,
    },
  };
}

function usageOf(turn: TurnView) {
  return {
    input_tokens: turn.inputTokens,
    output_tokens: turn.outputTokens,
    cache_read_input_tokens: turn.cacheReadInputTokens,
    cache_creation_input_tokens: turn.cacheCreationInputTokens,
  };
}
