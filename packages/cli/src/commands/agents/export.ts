import type { Command } from 'commander';
import { resolveAgent } from '../../connection/resolve-agent.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { saveAnswer } from '../../output/save-answer.ts';
import { seconds } from '../../read-option.ts';

interface ExportOptions extends GlobalOptions {
  output?: string;
  includeEnv?: boolean;
  waitForTurn: number;
}

export function exportCommand(agents: Command): void {
  agents
    .command('export <agent>')
    .description('save an agent, its conversation and its directory as a .tar.gz')
    .option('-o, --output <file>', 'where to (default: <name>.tar.gz; - is standard output)')
    .option('--include-env', 'also the values of its variables: the file is then a secret')
    .option('--wait-for-turn <time>', 'how long to wait for the end of a turn, such as 30s', seconds, 0)
    .action(
      onPlatform<ExportOptions>(async (client, options, wanted: string) => {
        const agent = await resolveAgent(client, wanted);
        const answer = await client.agents.export(agent.id, {
          wait: options.waitForTurn,
          ...(options.includeEnv && { include_env: true }),
        });
        const name = `${agent.config.name.replace(/[^A-Za-z0-9._-]+/g, '-')}.tar.gz`;
        await saveAnswer(options, answer, options.output ?? name);
      }),
    );
}
