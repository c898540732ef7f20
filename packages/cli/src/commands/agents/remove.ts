import type { Command } from 'commander';
import { connect } from '../../connection/connect.ts';
import { resolveAgent } from '../../connection/resolve-agent.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { printJson } from '../../output/print-json.ts';
import { cell } from '../../output/table.ts';

export function removeCommand(agents: Command): void {
  agents
    .command('rm <agent>')
    .description('delete an agent with its conversation and its directory')
    .action(async (wanted: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const client = connect(options);
      const agent = await resolveAgent(client, wanted);
      const change = await client.agents.delete(agent.id);
      if (options.json) return printJson(change);
      console.log(`${cell(agent.config.name)} (${agent.id}): ${change.message}`);
    });
}
