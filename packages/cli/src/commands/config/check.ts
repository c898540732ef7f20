import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';

export function addCheckConfig(config: Command): void {
  config
    .command('check')
    .description('explain each setting a server started here would have, and where it comes from; fails if one is bad')
    .action(async (_options, command: Command) => {
      // The schemas of a server take longer to load than most commands to run.
      const { explainSettings } = await import('./explain-settings.ts');
      explainSettings(command.optsWithGlobals<GlobalOptions>());
    });
}
