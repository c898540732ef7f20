import type { McpServerRequest, StoredMcpServer } from '@aaas/contract/mcp';

/** Servers as they leave the platform with their agent: as somebody would ask for them, without their secrets. */
export function travellingServers(servers: Record<string, StoredMcpServer>): Record<string, McpServerRequest> {
  return Object.fromEntries(
    Object.entries(servers).map(([name, server]) => {
      const common = {
        ...(server.tools === null ? {} : { tools: server.tools }),
        ...(server.permission === null ? {} : { permission: server.permission }),
        ...(server.timeout_seconds === null ? {} : { timeout_seconds: server.timeout_seconds }),
      };
      return [
        name,
        server.type === 'http'
          ? { type: server.type, url: server.url, ...common }
          : { type: server.type, command: server.command, args: server.args, ...common },
      ];
    }),
  );
}
