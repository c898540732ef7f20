import type { AgentArchive } from '@aaas/contract/agent-archive';
import { AgentConfigRequest, type AgentDefinition } from '@aaas/contract/agent-config';
import { defineAgent } from '../define-agent.ts';
import { withoutSecrets } from '../mcp/store-servers.ts';

/** A version of an imported agent, held to what an agent of this platform may be. @throws Error naming the field */
export function adoptDefinition({ version, definition }: AgentArchive['versions'][number]): AgentDefinition {
  const { prompt_base: promptBase, ...fields } = definition;
  // An empty prompt is stored as such and cannot be asked for.
  const asked = Object.entries(fields).filter(([, value]) => value !== null && value !== '');
  const result = AgentConfigRequest.safeParse(Object.fromEntries(asked));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new Error(`version ${version}, ${issue?.path.join('.') || 'definition'}: ${issue?.message}`);
  }
  const config = result.data;
  if (config.name === undefined || config.model === undefined)
    throw new Error(`version ${version} has no name or no model`);
  if (promptBase !== 'claude_code' && promptBase !== 'none')
    throw new Error(`version ${version}, prompt_base: is unknown`);
  const defined = defineAgent(config, { name: config.name, model: config.model });
  const servers = Object.entries(config.mcp_servers ?? {}).map(([name, server]) => [name, withoutSecrets(server)]);
  return {
    ...defined,
    mcp_servers: Object.fromEntries(servers),
    prompt_base: promptBase,
    system_prompt: config.system_prompt ?? '',
  };
}
