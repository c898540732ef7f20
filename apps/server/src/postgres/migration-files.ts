import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from '../start/startup-error.ts';

export interface MigrationFile {
  readonly version: number;
  /** With its number, as the file is called: `0001-initial`. */
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/;

/** The migrations of a folder in their order, numbered from 0001 without gaps. */
export async function readMigrations(folder: string): Promise<MigrationFile[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  const migrations: MigrationFile[] = [];
  for (const [index, file] of files.entries()) {
    const version = Number(FILE_NAME.exec(file)?.[1]);
    if (version !== index + 1) {
      const expected = String(index + 1).padStart(4, '0');
      throw new StartupError(
        `The migration ${file} in ${folder} is out of line: migrations are named NNNN-name.sql without gaps, and ${expected} is next.`,
      );
    }
    // A checkout with Windows line ends is the same migration.
    const text = (await readFile(join(folder, file), 'utf8')).replaceAll('\r\n', '\n');
    const checksum = createHash('sha256').update(text).digest('hex');
    migrations.push({ version, name: file.slice(0, -'.sql'.length), text, checksum });
  }
  return migrations;
}
