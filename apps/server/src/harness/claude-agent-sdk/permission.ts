import type { AgentDefinition, PermissionMode } from '@aaas/contract/agent-config';
import { parseMcpTool } from '@aaas/contract/mcp';

export type Permission = 'allow' | 'ask' | 'deny';

const READS = new Set(['Read', 'Glob', 'Grep', 'WebFetch', 'WebSearch', 'TodoWrite']);
const EDITS = new Set(['Write', 'Edit', 'NotebookEdit']);

type Policy = Pick<AgentDefinition, 'permission_mode' | 'mcp_servers'>;

/** Whether a tool may run. Null: the mode leaves it to Claude Code itself. */
export function permissionFor(
  { permission_mode: mode, mcp_servers: servers }: Policy,
  tool: string,
): Permission | null {
  const mcp = parseMcpTool(tool);
  if (!mcp) return permissionOf(mode, tool);
  const server = Object.hasOwn(servers, mcp.server) ? servers[mcp.server] : undefined;
  if (!server || (server.tools !== null && !server.tools.includes(mcp.tool))) return 'deny';
  return server.permission ?? permissionOf(mode, tool);
}

function permissionOf(mode: PermissionMode, tool: string): Permission | null {
  const safe = READS.has(tool);
  switch (mode) {
    case 'bypassPermissions':
      return 'allow';
    case 'acceptEdits':
      return safe || EDITS.has(tool) ? 'allow' : 'ask';
    case 'default':
      return safe ? 'allow' : 'ask';
    case 'dontAsk':
    case 'plan':
      return safe ? 'allow' : 'deny';
    case 'auto':
      return null;
  }
}
