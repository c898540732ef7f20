import type { Command } from 'commander';
import { fileBody } from '../../file-body.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { count } from '../../output/figures.ts';
import { printJson } from '../../output/print-json.ts';
import { progress } from '../../output/progress.ts';
import { cell, printFacts } from '../../output/table.ts';

interface ImportOptions extends GlobalOptions {
  start: boolean;
}

export function importCommand(agents: Command): void {
  agents
    .command('import <file>')
    .description('make an agent from an export; - reads standard input')
    .option('--no-start', 'leave it stopped')
    .action(
      onPlatform<ImportOptions>(async (client, options, path: string) => {
        const archive = await fileBody(path);
        const shown = progress('sending');
        shown.say(path);
        const made = await client.agents.import(archive, { auto_start: options.start }).finally(shown.end);
        if (options.json) return printJson(made);
        const { versions, turns, files } = made.imported;
        console.log(made.message);
        printFacts({
          id: made.agent_id,
          imported: `${count(versions)} versions, ${count(turns)} turns, ${count(files)} files`,
          ...(made.missing_env.length > 0 && { 'to be set': `${cell(made.missing_env.join(' '))} (aaas agents edit)` }),
        });
      }),
    );
}
