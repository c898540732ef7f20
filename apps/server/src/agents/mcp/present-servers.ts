import type { McpServerView, StoredMcpServer } from '@aaas/contract/mcp';

/** The servers of a definition as the API shows them: of secrets the names alone. */
export function presentServers(servers: Record<string, StoredMcpServer>): Record<string, McpServerView> {
  return Object.fromEntries(
    Object.entries(servers).map(([name, server]) => {
      const { tools, permission, timeout_seconds } = server;
      const common = { tools, permission, timeout_seconds };
      const secrets = Object.fromEntries(server.secret_names.map((secret) => [secret, '[set]' as const]));
      return [
        name,
        server.type === 'http'
          ? { type: server.type, url: server.url, headers: secrets, ...common }
          : { type: server.type, command: server.command, args: server.args, env: secrets, ...common },
      ];
    }),
  );
}
