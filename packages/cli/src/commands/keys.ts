import type { Command } from 'commander';
import { changeKeyCommands } from './keys/change.ts';
import { createKeyCommand } from './keys/create.ts';
import { getKeyCommand } from './keys/get.ts';
import { listKeysCommand } from './keys/list.ts';
import { rotateKeyCommand } from './keys/rotate.ts';

export function keysCommand(program: Command): void {
  const keys = program.command('keys').description('API keys: who may do what');
  for (const add of [createKeyCommand, listKeysCommand, getKeyCommand, changeKeyCommands, rotateKeyCommand]) add(keys);
}
