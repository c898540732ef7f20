import type { Command } from 'commander';
import { connect } from '../../connection/connect.ts';
import { resolveAgent } from '../../connection/resolve-agent.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { printJson } from '../../output/print-json.ts';
import { cell } from '../../output/table.ts';

const CHANGES = {
  start: 'start an agent, also one in error',
  stop: 'stop an agent: it refuses messages until it is started',
  restart: 'give an agent a new process; the conversation goes on',
  hibernate: 'put an agent to sleep; the next message wakes it',
  interrupt: 'end the turn that an agent is working on',
} as const;

/** Everything that changes how an agent is, by one request without a body. */
export function changeCommands(agents: Command): void {
  for (const [operation, description] of Object.entries(CHANGES) as [keyof typeof CHANGES, string][]) {
    agents
      .command(`${operation} <agent>`)
      .description(description)
      .action(async (wanted: string, _options, command: Command) => {
        const options = command.optsWithGlobals<GlobalOptions>();
        const client = connect(options);
        const agent = await resolveAgent(client, wanted);
        const change = await client.agents[operation](agent.id);
        if (options.json) return printJson(change);
        console.log(`${cell(agent.config.name)} (${agent.id}): ${change.message}`);
      });
  }
}
