import type { Enforcement } from '@aaas/contract/enforcement';
import type { Health } from '@aaas/contract/operations-api';
import { ROLES } from '@aaas/contract/roles';
import type { Command } from 'commander';
import { connect } from '../connection/connect.ts';
import { EXIT } from '../exit-codes.ts';
import type { GlobalOptions } from '../global-options.ts';
import { duration } from '../output/figures.ts';
import { printJson } from '../output/print-json.ts';
import { printFacts } from '../output/table.ts';

export function healthCommand(program: Command): void {
  program
    .command('health')
    .description('show how the platform is; fails unless it is well')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const health = await connect(options).health();
      if (options.json) printJson(health);
      else {
        printFacts({
          status: health.status,
          version: health.version,
          uptime: duration(health.uptime_seconds * 1000),
          database: health.database,
          ...(health.redis === 'off' ? {} : { redis: health.redis }),
          ...(health.roles.length < ROLES.length ? { roles: health.roles.join(', ') } : {}),
          ...(health.enforcement ? agentsOf(health, health.enforcement) : {}),
          model: health.simulated ? 'SIMULATED: set ANTHROPIC_API_KEY for a real one' : 'real',
        });
      }
      if (health.status !== 'ok') process.exitCode = EXIT.failed;
    });
}

function agentsOf({ agents }: Health, { isolation, limits }: Enforcement): Record<string, string> {
  return {
    agents: `${agents.owned} of at most ${agents.max} on this node`,
    isolation: ISOLATION[isolation],
    limits: Object.entries(limits)
      .map(([name, how]) => `${name} by ${how}`)
      .join(', '),
  };
}

const ISOLATION = {
  sandbox: 'each agent in a sandbox of its own',
  user: 'each agent is a user of its own',
  process: 'none between agents',
};
