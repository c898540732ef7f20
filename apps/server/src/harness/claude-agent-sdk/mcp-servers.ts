import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { McpServerConfig, McpServerStatus } from '@anthropic-ai/claude-agent-sdk';

/**
 * The servers of a definition as Claude Code takes them. Those over HTTP are reached through the gateway, which knows
 * their address and adds their credentials; `secrets` are the variables of those it starts itself.
 */
export function mcpServers(
  servers: AgentDefinition['mcp_servers'],
  options: { gatewayUrl: string; gatewayToken: string; secrets: ReadonlyMap<string, Record<string, string>> },
): Record<string, McpServerConfig> {
  const configs: Record<string, McpServerConfig> = {};
  for (const [name, server] of Object.entries(servers)) {
    const timeout = server.timeout_seconds === null ? {} : { timeout: server.timeout_seconds * 1000 };
    configs[name] =
      server.type === 'stdio'
        ? {
            type: 'stdio',
            command: server.command,
            args: server.args,
            env: options.secrets.get(name) ?? {},
            ...timeout,
          }
        : {
            type: 'http',
            url: `${options.gatewayUrl}/mcp/${name}`,
            headers: { authorization: `Bearer ${options.gatewayToken}` },
            ...timeout,
          };
  }
  return configs;
}

/** Those that did not come up, for the log of the session. */
export function failedServers(statuses: McpServerStatus[]): { server: string; status: string; error: string | null }[] {
  return statuses
    .filter(({ status }) => status !== 'connected' && status !== 'disabled')
    .map(({ name, status, error }) => ({ server: name, status, error: error?.slice(0, 500) ?? null }));
}
