import type { AgentTypeName } from '@aaas/contract/agent-config';
import type { Status } from '@aaas/contract/lifecycle';
import type { Agent } from '@aaas/contract/operations-api';
import type { Command } from 'commander';
import { connect } from '../../connection/connect.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { ago, count, dollars } from '../../output/figures.ts';
import { printJson } from '../../output/print-json.ts';
import { style } from '../../output/style.ts';
import { styledStatus } from '../../output/styled-status.ts';
import { cell, printTable } from '../../output/table.ts';

interface ListOptions extends GlobalOptions {
  status?: string;
  type?: string;
}

const PAGE = 100;

export function listCommand(agents: Command): void {
  agents
    .command('list')
    .description('list agents, newest first')
    .option('--status <status>', 'only those in this status')
    .option('--type <type>', 'only those of this type')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      const filter = {
        limit: PAGE,
        ...(options.status !== undefined && { status: options.status as Status }),
        ...(options.type !== undefined && { agentType: options.type as AgentTypeName }),
      };
      const found: Agent[] = [];
      for await (const agent of connect(options).agents.list(filter)) found.push(agent);
      if (options.json) return printJson(found);
      if (found.length === 0) return console.log(style('dim', 'No agents. Deploy one with: aaas agents create'));
      printTable(['NAME', 'STATUS', 'SINCE', 'TYPE', 'MESSAGES', 'COST', 'ID'], found.map(rowOf));
    });
}

function rowOf(agent: Agent): string[] {
  return [
    cell(agent.config.name),
    styledStatus(agent.status),
    ago(agent.status_since),
    agent.config.agent_type,
    count(agent.messages_count),
    dollars(agent.usage.cost_usd),
    agent.id,
  ];
}
