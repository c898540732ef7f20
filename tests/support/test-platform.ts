import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform, startPlatform } from './platform.ts';
import { scratchDatabase } from './scratch-database.ts';

/** A platform on a database and a directory of its own; `dispose` removes both. */
export async function startTestPlatform(env: Record<string, string> = {}): Promise<Platform> {
  const directory = passableDirectory();
  const database = await scratchDatabase();
  const remove = async () => {
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const platform = await startPlatform({ DATA_DIR: join(directory, 'data'), ...database.env, ...env });
    const { dispose } = platform;
    return Object.assign(platform, { dispose: () => dispose().finally(remove) });
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A new directory that every user may pass through: agents and the embedded database of root are users of their own. */
export function passableDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'aaas-test-'));
  chmodSync(path, 0o711);
  return path;
}
