import type { AgentTypeName, PermissionMode, ToolName } from '@aaas/contract/agent-config';

/** What an agent is made of when its config leaves a field out. */
export interface AgentType {
  name: AgentTypeName;
  title: string;
  /** One or two sentences for users of the API. */
  description: string;
  /** `claude_code` appends `systemPrompt` to Claude Code's own prompt; `none` uses `systemPrompt` alone. */
  promptBase: 'claude_code' | 'none';
  systemPrompt: string;
  tools: ToolName[];
  /** Must allow every tool of `tools`: a call that would ask is denied while nobody can answer it. */
  permissionMode: PermissionMode;
}
