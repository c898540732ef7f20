import type { Command } from 'commander';
import { changeSettingsCommands } from './settings/change.ts';
import { listSettingsCommand } from './settings/list.ts';

export function settingsCommand(program: Command): void {
  const settings = program.command('settings').description('settings of a running platform, on all of its nodes');
  for (const add of [listSettingsCommand, changeSettingsCommands]) add(settings);
}
