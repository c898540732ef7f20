import type { AgentTypeName } from '@aaas/contract/agent-config';
import type { Query } from '@aaas/contract/query-api';
import type { QueryView } from '../../../../sessions/queries/find-query.ts';
import { presentTurn } from '../turns/present-turn.ts';

/** Where a query is found, relative to the server. */
export function queryEndpoint(queryId: string): string {
  return `/api/v1/query/${queryId}`;
}

export function presentQuery(view: QueryView, queuePosition: number | null = null): Query {
  return {
    id: view.id,
    agent_type: view.agentType as AgentTypeName,
    created_at: view.createdAt.toISOString(),
    endpoint: queryEndpoint(view.id),
    turn: presentTurn(view.turn, queuePosition),
  };
}
