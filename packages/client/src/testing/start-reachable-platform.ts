import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform, startPlatform } from '../../../../tests/support/platform.ts';

/**
 * A platform whose data directory other users can pass through: when the tests run as root, its database and its
 * agents are users of their own.
 */
export async function startReachablePlatform(env: Record<string, string> = {}): Promise<Platform> {
  const parent = mkdtempSync(join(tmpdir(), 'aaas-test-'));
  chmodSync(parent, 0o711);
  const remove = () => rmSync(parent, { recursive: true, force: true });
  try {
    const platform = await startPlatform({ ...env, DATA_DIR: join(parent, 'data') });
    const { dispose } = platform;
    return Object.assign(platform, { dispose: () => dispose().finally(remove) });
  } catch (error) {
    remove();
    throw error;
  }
}
