import type { Command } from 'commander';
import { bulkCommand } from './agents/bulk.ts';
import { changeCommands } from './agents/change.ts';
import { createCommand } from './agents/create.ts';
import { editCommand } from './agents/edit.ts';
import { exportCommand } from './agents/export.ts';
import { getCommand } from './agents/get.ts';
import { importCommand } from './agents/import.ts';
import { listCommand } from './agents/list.ts';
import { removeCommand } from './agents/remove.ts';
import { rollbackCommand } from './agents/rollback.ts';
import { versionsCommand } from './agents/versions.ts';

export function agentsCommand(program: Command): void {
  const agents = program.command('agents').description('deploy agents and take them through their lifecycle');
  for (const add of [createCommand, listCommand, getCommand, editCommand, removeCommand]) add(agents);
  for (const add of [changeCommands, bulkCommand]) add(agents);
  for (const add of [versionsCommand, rollbackCommand, exportCommand, importCommand]) add(agents);
}
