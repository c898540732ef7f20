import type { Pool, PoolClient } from 'pg';

/** A row of the table `settings`. */
export interface Override {
  name: string;
  value: string;
  updatedAt: Date;
  updatedBy: string;
}

const READ = {
  name: 'settings.read',
  text: 'select name, value, updated_at as "updatedAt", updated_by as "updatedBy" from settings order by name',
};

export async function readOverrides(db: Pool | PoolClient): Promise<Override[]> {
  return (await db.query<Override>(READ)).rows;
}
