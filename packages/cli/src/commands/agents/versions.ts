import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { resolveAgent } from '../../connection/resolve-agent.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { moment } from '../../output/figures.ts';
import { printJson } from '../../output/print-json.ts';
import { type Columns, printList } from '../../output/print-list.ts';
import { cell } from '../../output/table.ts';
import { wholeNumber } from '../../read-option.ts';

interface VersionsOptions extends GlobalOptions {
  show?: number;
}

const PAGE = 100;

const COLUMNS: Columns<Schema<'AgentVersion'>> = {
  VERSION: ({ version, rolled_back_to }) =>
    rolled_back_to === null ? `${version}` : `${version} (= ${rolled_back_to})`,
  MADE: ({ created_at }) => moment(created_at),
  NAME: ({ config }) => cell(config.name),
  MODEL: ({ config }) => cell(config.model),
  TOOLS: ({ config }) => cell(config.allowed_tools.join(' ')),
};

export function versionsCommand(agents: Command): void {
  agents
    .command('versions <agent>')
    .description('list the versions of an agent, newest first')
    .option('--show <n>', 'one of them, whole, as JSON', wholeNumber)
    .action(
      onPlatform<VersionsOptions>(async (client, options, wanted: string) => {
        const { id } = await resolveAgent(client, wanted);
        if (options.show !== undefined) return printJson(await client.agents.version(id, String(options.show)));
        await printList(options, client.agents.versions(id, { limit: PAGE }), COLUMNS, 'No versions.');
      }),
    );
}
