import type { Command } from 'commander';
import { changeFilesCommands } from './files/change.ts';
import { downloadCommands } from './files/download.ts';
import { listFilesCommand } from './files/list.ts';
import { uploadCommands } from './files/upload.ts';

export function filesCommand(program: Command): void {
  const files = program
    .command('files')
    .description('the working directory of an agent or a session; paths are relative to it');
  for (const add of [listFilesCommand, downloadCommands, uploadCommands, changeFilesCommands]) add(files);
}
