import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { agentTypesCommand } from './commands/agent-types.ts';
import { agentsCommand } from './commands/agents.ts';
import { approvalCommands } from './commands/approvals.ts';
import { auditCommand } from './commands/audit.ts';
import { budgetsCommand } from './commands/budgets.ts';
import { chatCommand } from './commands/chat.ts';
import { completionCommand } from './commands/completion.ts';
import { configCommand } from './commands/config.ts';
import { filesCommand } from './commands/files.ts';
import { fleetCommand } from './commands/fleet.ts';
import { healthCommand } from './commands/health.ts';
import { infoCommand } from './commands/info.ts';
import { keysCommand } from './commands/keys.ts';
import { logsCommand } from './commands/logs.ts';
import { modelsCommand } from './commands/models.ts';
import { queryCommand } from './commands/query.ts';
import { sendCommand } from './commands/send.ts';
import { serveCommand } from './commands/serve.ts';
import { sessionsCommand } from './commands/sessions.ts';
import { settingsCommand } from './commands/settings.ts';
import { timelineCommand } from './commands/timeline.ts';
import { turnsCommand } from './commands/turns.ts';
import { usageCommand } from './commands/usage.ts';
import { webhooksCommand } from './commands/webhooks.ts';
import { workspacesCommand } from './commands/workspaces.ts';
import { addGlobalOptions } from './global-options.ts';
import { oneLine } from './output/one-line.ts';

/** By what one wants to do; the help shows them so. */
const COMMANDS: Record<string, ((program: Command) => void)[]> = {
  'Run the platform:': [serveCommand, configCommand, healthCommand, infoCommand, fleetCommand],
  'Agents:': [agentsCommand, sessionsCommand, filesCommand, agentTypesCommand, modelsCommand],
  'Talk and watch:': [
    sendCommand,
    chatCommand,
    queryCommand,
    turnsCommand,
    logsCommand,
    timelineCommand,
    approvalCommands,
  ],
  'Administer:': [
    usageCommand,
    budgetsCommand,
    keysCommand,
    workspacesCommand,
    settingsCommand,
    auditCommand,
    webhooksCommand,
  ],
  'This command line:': [completionCommand],
};

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
  for (const [heading, commands] of Object.entries(COMMANDS)) {
    program.commandsGroup(heading);
    for (const add of commands) add(program);
  }
  program.helpCommand('help [command]', 'explain a command');
  return program;
}

/** What commander found wrong with the command line, with a way on. */
function usageError(text: string): string {
  const problem = oneLine(text.replace(/^error: /, '')).replace(/([^.)?])$/, '$1.');
  return problem.endsWith('?)') ? problem : `${problem} See aaas --help.`;
}
