import type { Command } from 'commander';
import { changeSessionCommands } from './sessions/change.ts';
import { createSessionCommand } from './sessions/create.ts';
import { editSessionCommand } from './sessions/edit.ts';
import { getSessionCommand } from './sessions/get.ts';
import { listSessionsCommand } from './sessions/list.ts';
import { removeSessionCommand } from './sessions/remove.ts';

export function sessionsCommand(program: Command): void {
  const sessions = program
    .command('sessions')
    .description('more conversations with one agent, each with its own directory');
  for (const add of [createSessionCommand, listSessionsCommand, getSessionCommand, editSessionCommand]) add(sessions);
  for (const add of [removeSessionCommand, changeSessionCommands]) add(sessions);
}
