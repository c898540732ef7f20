import type { AgentDefinition, ToolName } from '@aaas/contract/agent-config';
import type { BetaManagedAgentsAgentToolset20260401 } from '@anthropic-ai/sdk/resources/beta/agents/agents';
import { permissionFor } from '../../../../harness/claude-agent-sdk/permission.ts';

/** Our tools by the names of the agent toolset; those without one are not part of it. */
const NAMES = {
  bash: 'Bash',
  read: 'Read',
  write: 'Write',
  edit: 'Edit',
  glob: 'Glob',
  grep: 'Grep',
  web_fetch: 'WebFetch',
  web_search: 'WebSearch',
} as const satisfies Record<string, ToolName>;

/** The tools of a definition as the Managed Agents API shows them. */
export function managedTools(definition: AgentDefinition): BetaManagedAgentsAgentToolset20260401[] {
  if (definition.allowed_tools.length === 0) return [];
  const configs = (Object.keys(NAMES) as (keyof typeof NAMES)[]).map((name) => ({
    type: name,
    name,
    enabled: definition.allowed_tools.includes(NAMES[name]),
    permission_policy: policyOf(definition, NAMES[name]),
  }));
  return [
    {
      type: 'agent_toolset_20260401',
      default_config: { enabled: false, permission_policy: { type: 'always_ask' } },
      configs: configs as BetaManagedAgentsAgentToolset20260401['configs'],
    },
  ];
}

function policyOf(definition: AgentDefinition, tool: ToolName) {
  const permission = permissionFor(definition, tool);
  if (permission === 'allow') return { type: 'always_allow' as const };
  return { type: permission === null ? ('auto' as const) : ('always_ask' as const) };
}

/** An event of the log as `/v1` shows it: tools carry the names of the toolset. */
export function managedPayload(event: { type: string; payload: string }): string {
  if (event.type !== 'agent.tool_use') return event.payload;
  const body = JSON.parse(event.payload) as { name: string };
  const name = (Object.keys(NAMES) as (keyof typeof NAMES)[]).find((key) => NAMES[key] === body.name);
  return name ? JSON.stringify({ ...body, name }) : event.payload;
}
