import type { AgentConfigRequest, AgentTypeName, PermissionMode, ToolName } from '@aaas/contract/agent-config';
import { type Command, InvalidArgumentError } from 'commander';
import { connect } from '../../connection/connect.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { printJson } from '../../output/print-json.ts';
import { style } from '../../output/style.ts';

interface CreateOptions extends GlobalOptions {
  type: string;
  name?: string;
  model?: string;
  systemPrompt?: string;
  tool?: string[];
  permissionMode?: string;
  env?: Record<string, string>;
  start: boolean;
}

export function createCommand(agents: Command): void {
  agents
    .command('create')
    .description('deploy an agent')
    .option('--type <type>', 'one of those that aaas agent-types lists', 'general')
    .option('--name <name>', 'how to call it (default: the type and the end of its id)')
    .option('--model <model>', 'the model it uses (default: DEFAULT_MODEL of the server)')
    .option('--system-prompt <text>', 'replaces the prompt of its type')
    .option('--tool <name...>', 'a tool it may use; may be repeated (default: those of its type)')
    .option('--permission-mode <mode>', 'default, acceptEdits, bypassPermissions, plan, dontAsk or auto')
    .option('--env <K=V>', 'a variable of its environment; may be repeated', addVariable)
    .option('--no-start', 'leave it stopped')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>();
      const client = connect(options);
      const created = await client.agents.create(configOf(options), { autoStart: options.start });
      if (options.json) return printJson(created);
      const next = options.start ? `aaas send ${created.agent_id} "Hello"` : `aaas agents start ${created.agent_id}`;
      console.log(`${created.message}\n${style('dim', 'id  ')}  ${created.agent_id}\n${style('dim', 'next')}  ${next}`);
    });
}

// The server knows what is allowed and says so: the names are not repeated here.
function configOf(options: CreateOptions): AgentConfigRequest {
  return {
    agent_type: options.type as AgentTypeName,
    ...(options.name !== undefined && { name: options.name }),
    ...(options.model !== undefined && { model: options.model }),
    ...(options.systemPrompt !== undefined && { system_prompt: options.systemPrompt }),
    ...(options.tool !== undefined && { allowed_tools: options.tool as ToolName[] }),
    ...(options.permissionMode !== undefined && { permission_mode: options.permissionMode as PermissionMode }),
    ...(options.env !== undefined && { env: options.env }),
  };
}

function addVariable(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be like NAME=value.');
  return { ...before, [name]: value };
}
