import type { AgentConfigRequest } from '@aaas/client/agents/agents';
import type { Command } from 'commander';
import type { GlobalOptions } from '../global-options.ts';
import { amount, jsonOrFile, pair, wholeNumber } from '../read-option.ts';

/** What an agent is made of, as options. */
export interface ConfigOptions extends GlobalOptions {
  name?: string;
  description?: string;
  model?: string;
  systemPrompt?: string;
  personality?: string;
  language?: string;
  tool?: string[];
  permissionMode?: string;
  env?: Record<string, string>;
  maxTurns?: number;
  maxTokens?: number;
  temperature?: number;
  idleTimeout?: number;
  label?: Record<string, string>;
  region?: string;
  config?: Record<string, unknown>;
}

export function addConfigOptions(command: Command): Command {
  return command
    .option('--name <name>', 'how to call it')
    .option('--description <text>', 'what it is for')
    .option('--model <model>', 'one of those that aaas models lists')
    .option('--system-prompt <text>', 'replaces the prompt of its type')
    .option('--personality <text>', 'how it comes across')
    .option('--language <language>', 'the language it answers in')
    .option('--tool <name...>', 'a tool it may use; may be repeated')
    .option('--permission-mode <mode>', 'default, acceptEdits, bypassPermissions, plan, dontAsk or auto')
    .option('--env <K=V>', 'a variable of its environment; may be repeated', pair)
    .option('--max-turns <n>', 'model requests in one turn, at most', wholeNumber)
    .option('--max-tokens <n>', 'tokens of one model answer, at most', wholeNumber)
    .option('--temperature <n>', 'used when the model does not think', amount)
    .option('--idle-timeout <seconds>', 'how long it waits for work before it sleeps; 0: for ever', wholeNumber)
    .option('--label <K=V>', 'a label that its node must have; may be repeated', pair)
    .option('--region <region>', 'where it runs')
    .option('--config <json>', 'more of it (limits, budget, mcp_servers …) as JSON, or @file', jsonOrFile);
}

/** Undefined when it says nothing. What `--config` says of it besides stays. */
export function placementOf(options: Pick<ConfigOptions, 'label' | 'region' | 'config'>) {
  const { label: labels, region } = options;
  if (labels === undefined && region === undefined) return undefined;
  const more = options.config?.placement as object | undefined;
  return { ...more, ...(labels ? { labels } : {}), ...(region === undefined ? {} : { region }) };
}

// The server knows what is allowed and says so: the names are not repeated here.
export function configOf(options: ConfigOptions): Omit<AgentConfigRequest, 'agent_type'> {
  const given = {
    name: options.name,
    description: options.description,
    model: options.model,
    system_prompt: options.systemPrompt,
    personality: options.personality,
    language: options.language,
    allowed_tools: options.tool,
    permission_mode: options.permissionMode,
    env: options.env,
    max_turns: options.maxTurns,
    max_tokens: options.maxTokens,
    temperature: options.temperature,
    idle_timeout_seconds: options.idleTimeout,
    placement: placementOf(options),
  };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...options.config, ...Object.fromEntries(set) } as Omit<AgentConfigRequest, 'agent_type'>;
}
