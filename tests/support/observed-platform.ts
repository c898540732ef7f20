import type { Pool } from 'pg';
import { createPool } from '../../apps/server/src/postgres/pool.ts';
import type { Platform } from './platform.ts';
import { startTestPlatform } from './test-platform.ts';

/** A platform whose database the test can look into. */
export interface ObservedPlatform extends Platform {
  readonly pool: Pool;
  /** A key with every scope of a new workspace. */
  stranger(): Promise<string>;
}

export async function startObservedPlatform(env: Record<string, string> = {}): Promise<ObservedPlatform> {
  const platform = await startTestPlatform(env);
  const pool = createPool(platform.database, { max: 2, log: { warn: () => {} } });
  const { dispose } = platform;
  return Object.assign(platform, {
    pool,
    stranger: async () => (await platform.json('POST', '/api/v1/workspaces', { name: 'stranger' })).admin_key.key,
    dispose: async () => {
      await pool.end();
      await dispose();
    },
  });
}
