import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { agentTypesCommand } from './commands/agent-types.ts';
import { agentsCommand } from './commands/agents.ts';
import { configCommand } from './commands/config.ts';
import { healthCommand } from './commands/health.ts';
import { logsCommand } from './commands/logs.ts';
import { sendCommand } from './commands/send.ts';
import { serveCommand } from './commands/serve.ts';
import { addGlobalOptions } from './global-options.ts';
import { oneLine } from './output/one-line.ts';

/** The command line, with everything that it understands. */
export function createProgram(): Command {
  const program = new Command('aaas')
    .description('Deploy Claude agents on your own platform, and talk to them.')
    .version(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version)
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({ outputError: (text, write) => write(`aaas: ${usageError(text)}\n`) })
    .showSuggestionAfterError()
    .exitOverride();
  addGlobalOptions(program);
  for (const add of [
    serveCommand,
    agentsCommand,
    sendCommand,
    logsCommand,
    agentTypesCommand,
    healthCommand,
    configCommand,
  ]) {
    add(program);
  }
  return program;
}

/** What commander found wrong with the command line, with a way on. */
function usageError(text: string): string {
  const problem = oneLine(text.replace(/^error: /, '')).replace(/([^.)?])$/, '$1.');
  return problem.endsWith('?)') ? problem : `${problem} See aaas --help.`;
}
