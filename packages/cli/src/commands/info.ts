import type { Command } from 'commander';
import { onPlatform } from '../on-platform.ts';
import { printJson } from '../output/print-json.ts';
import { cell, printFacts } from '../output/table.ts';

export function infoCommand(program: Command): void {
  program
    .command('info')
    .description('show which platform this is')
    .action(
      onPlatform(async (client, { json }) => {
        const info = await client.info();
        if (json) return printJson(info);
        printFacts({
          name: cell(info.name),
          version: cell(info.version),
          model: info.simulated ? 'simulated' : 'real',
          docs: cell(info.docs),
          openapi: cell(info.openapi),
        });
      }),
    );
}
