import type { Command } from 'commander';
import { changeCommands } from './agents/change.ts';
import { createCommand } from './agents/create.ts';
import { getCommand } from './agents/get.ts';
import { listCommand } from './agents/list.ts';
import { removeCommand } from './agents/remove.ts';

export function agentsCommand(program: Command): void {
  const agents = program.command('agents').description('deploy agents and take them through their lifecycle');
  for (const add of [createCommand, listCommand, getCommand, removeCommand, changeCommands]) add(agents);
}
