import type { Command } from 'commander';
import { connect } from '../connection/connect.ts';
import type { GlobalOptions } from '../global-options.ts';
import { printJson } from '../output/print-json.ts';
import { cell, printTable } from '../output/table.ts';

export function agentTypesCommand(program: Command): void {
  program
    .command('agent-types')
    .description('list the types an agent can be of')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { data: types } = await connect(options).agentTypes.list();
      if (options.json) return printJson(types);
      const rows = types.map((type) => [type.name, cell(type.title), cell(type.tools.join(' ')), type.permission_mode]);
      printTable(['TYPE', 'TITLE', 'TOOLS', 'PERMISSIONS'], rows);
    });
}
