import type { AgentConfigRequest } from '@aaas/client/agents/agents';
import type { Command } from 'commander';
import { onPlatform } from '../../on-platform.ts';
import { printJson } from '../../output/print-json.ts';
import { printFacts } from '../../output/table.ts';
import { pair } from '../../read-option.ts';
import { addConfigOptions, type ConfigOptions, configOf } from '../config-options.ts';

interface CreateOptions extends ConfigOptions {
  type: string;
  metadata?: Record<string, string>;
  start: boolean;
}

export function createCommand(agents: Command): void {
  addConfigOptions(
    agents
      .command('create')
      .description('deploy an agent')
      .option('--type <type>', 'one of those that aaas agent-types lists', 'general'),
  )
    .option('--metadata <K=V>', 'a pair to find it by; may be repeated', pair)
    .option('--no-start', 'leave it stopped')
    .action(
      onPlatform<CreateOptions>(async (client, options) => {
        const config = { agent_type: options.type, ...configOf(options) } as AgentConfigRequest;
        const created = await client.agents.create(config, { metadata: options.metadata, auto_start: options.start });
        if (options.json) return printJson(created);
        console.log(created.message);
        printFacts({
          id: created.agent_id,
          next: options.start ? `aaas send ${created.agent_id} "Hello"` : `aaas agents start ${created.agent_id}`,
        });
      }),
    );
}
