import type { QueryOptions } from '@aaas/client/query/query';
import type { Command } from 'commander';
import type { GlobalOptions } from '../global-options.ts';
import { onPlatform } from '../on-platform.ts';
import { jsonOrFile } from '../read-option.ts';
import { textArgument } from '../read-text.ts';
import { askOnce } from '../turn/ask-once.ts';
import { addConfigOptions, type ConfigOptions, configOf } from './config-options.ts';
import { addQueryHistory } from './query/history.ts';

interface AskOptions extends ConfigOptions, GlobalOptions {
  type: string;
  context?: Record<string, unknown>;
}

export function queryCommand(program: Command): void {
  const query = program.command('query').description('ask once, without an agent of your own');
  addConfigOptions(
    query
      .command('ask <text>', { isDefault: true })
      .description('ask, and watch the answer; - takes the text from standard input')
      .option('--type <type>', 'the type of agent that answers', 'general'),
  )
    .option('--context <json>', 'facts that go with the question, as JSON, or @file', jsonOrFile)
    .action(
      onPlatform<AskOptions>(async (client, options, given: string) => {
        const text = await textArgument(given);
        const config = configOf(options);
        process.exitCode = await askOnce(client, text, options.json === true, {
          agent_type: options.type as NonNullable<QueryOptions['agent_type']>,
          context: options.context,
          config: Object.keys(config).length === 0 ? undefined : config,
        });
      }),
    );
  addQueryHistory(query);
}
