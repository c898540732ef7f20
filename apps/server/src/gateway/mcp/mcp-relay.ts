import type { GuardedClient } from '../../egress/guarded-client.ts';
import type { Principal } from '../principal.ts';

/** An MCP server over HTTP, with what it is to be shown. */
export interface McpTarget {
  url: string;
  headers: Record<string, string>;
  /** Longest silence before its answer begins, in seconds; null: the client's own bound. */
  timeoutSeconds: number | null;
}

/** How the MCP servers of agents are found and reached. */
export interface McpRelay {
  /** Null: the agent has none of that name over HTTP. */
  find(principal: Principal, server: string): Promise<McpTarget | null>;
  egress: GuardedClient;
}
