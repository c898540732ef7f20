import type { Command } from 'commander';
import { addCheckConfig } from './config/check.ts';

export function configCommand(program: Command): void {
  const config = program.command('config').description('look at the settings a server would start with');
  addCheckConfig(config);
}
