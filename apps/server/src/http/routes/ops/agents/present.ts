import type { Agent } from '@aaas/contract/operations-api';
import type { AgentView } from '../../../../agents/find-agents.ts';
import { usdOf } from '../turns/present-turn.ts';

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
    config: { ...definition, env: Object.fromEntries(Object.keys(env).map((name) => [name, '[set]' as const])) },
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
      cost_usd: usdOf(view.usage.costNanousd),
    },
    restarts: view.restarts,
  };
}
