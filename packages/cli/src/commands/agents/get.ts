import type { Schema } from '@aaas/client/operations/operation-types';
import { STATUS_REASONS, STATUSES } from '@aaas/contract/lifecycle';
import type { Command } from 'commander';
import { connect } from '../../connection/connect.ts';
import { resolveAgent } from '../../connection/resolve-agent.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { ago, count, dollars } from '../../output/figures.ts';
import { shorten } from '../../output/one-line.ts';
import { printJson } from '../../output/print-json.ts';
import { style } from '../../output/style.ts';
import { styledStatus } from '../../output/styled-status.ts';
import { cell, printFacts } from '../../output/table.ts';

const PROMPT_SHOWN = 100;

export function getCommand(agents: Command): void {
  agents
    .command('get <agent>')
    .description('show an agent: how it is, why, since when, and what it is made of')
    .action(async (wanted: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const agent = await resolveAgent(connect(options), wanted);
      if (options.json) return printJson(agent);
      console.log(`${style('bold', cell(agent.config.name))}  ${style('dim', agent.id)}`);
      printFacts(factsOf(agent));
    });
}

function factsOf(agent: Schema<'Agent'>): Record<string, string> {
  const { config, usage } = agent;
  const facts: Record<string, string | null> = {
    status: `${styledStatus(agent.status)} for ${ago(agent.status_since)}: ${STATUSES[agent.status]}`,
    why: STATUS_REASONS[agent.status_reason],
    detail: agent.status_detail,
    next: agent.next_action,
    type: `${config.agent_type}, version ${agent.version}${agent.active_version === agent.version ? '' : ` (works with ${agent.active_version} until its turn ends)`}`,
    model: config.model,
    tools: config.allowed_tools.join(' '),
    permissions: config.permission_mode,
    environment: Object.keys(config.env).join(' ') || null,
    prompt: config.system_prompt,
    metadata: pairs(agent.metadata),
    messages: `${count(agent.messages_count)} answered, ${count(agent.messages_waiting)} waiting`,
    usage: `${count(usage.input_tokens)} tokens in, ${count(usage.output_tokens)} out, ${dollars(usage.cost_usd)}`,
    region: agent.region,
    process: agent.pid === null ? 'none' : `${agent.pid} on ${agent.node}, ${agent.restarts} restarts`,
    created: `${ago(agent.created_at)} ago`,
    session: agent.session_id,
  };
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) =>
      value === null ? [] : [[name, name === 'prompt' ? shorten(cell(value), PROMPT_SHOWN) : facetOf(name, value)]],
    ),
  );
}

function pairs(metadata: Record<string, string>): string | null {
  return (
    Object.entries(metadata)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ') || null
  );
}

// The status carries colours of ours; everything else may have been written by somebody else.
function facetOf(name: string, value: string): string {
  return name === 'status' ? value : cell(value);
}
