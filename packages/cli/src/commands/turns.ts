import type { Command } from 'commander';
import { getTurnCommand } from './turns/get.ts';
import { listTurnsCommand } from './turns/list.ts';

export function turnsCommand(program: Command): void {
  const turns = program.command('turns').description('what was said to an agent or a session, and what came of it');
  for (const add of [listTurnsCommand, getTurnCommand]) add(turns);
}
