import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { GlobalOptions } from '../global-options.ts';
import { onInterrupt } from '../interrupts.ts';

interface ServeOptions extends GlobalOptions {
  port?: string;
  host?: string;
  role?: string;
}

/** Which setting each option stands for. */
const SETTINGS = { port: 'PORT', host: 'HOST', role: 'ROLES', dataDir: 'DATA_DIR' } as const;

export function serveCommand(program: Command): void {
  program
    .command('serve')
    .description('start the platform in this process; its settings are environment variables')
    .option('--port <port>', 'port to listen on; 0 takes a free one (PORT)')
    .option('--host <host>', 'address to listen on (HOST)')
    .option('--role <roles>', 'api, worker, gateway, some of them with commas, or all (ROLES)')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<ServeOptions>();
      if (options.json) {
        throw new CliError(
          'serve prints no JSON. Its address stands in server.json of its data directory.',
          EXIT.usage,
        );
      }
      for (const name of ['port', 'host', 'role', 'dataDir'] as const) {
        const value = options[name];
        if (value !== undefined) process.env[SETTINGS[name]] = value;
      }
      // The server drains at the first Ctrl-C and ends at the second.
      onInterrupt(null);
      await import('@aaas/server/start/main');
    });
}
