import { join } from 'node:path';

export interface EmbeddedPaths {
  readonly dataDir: string;
  /** All that belongs to the embedded database. */
  readonly home: string;
  /** PostgreSQL's own data directory. */
  readonly cluster: string;
  readonly log: string;
  /** Where the socket lies, unless the path is too long for one. */
  readonly socketDir: string;
}

export function embeddedPaths(dataDir: string): EmbeddedPaths {
  const home = join(dataDir, 'postgres');
  return { dataDir, home, cluster: join(home, 'db'), log: join(home, 'log'), socketDir: join(home, 'sock') };
}
