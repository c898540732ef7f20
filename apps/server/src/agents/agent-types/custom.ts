import type { AgentType } from './agent-type.ts';

export const custom: AgentType = {
  name: 'custom',
  title: 'Custom agent',
  description:
    'A blank agent: no prompt and no tools of its own. Its system prompt, tools and mode come from the request.',
  promptBase: 'none',
  systemPrompt: '',
  tools: [],
  permissionMode: 'default',
};
