import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Closers } from './closers.ts';
import { writeWhole } from './write-whole.ts';

/** Lets the command line find the server of this data directory. */
export async function announce(dataDir: string, url: string, closers: Closers): Promise<void> {
  const path = join(dataDir, 'server.json');
  await writeWhole(path, `${JSON.stringify({ url, pid: process.pid })}\n`);
  closers.add('announcement', () => rm(path, { force: true }));
}
