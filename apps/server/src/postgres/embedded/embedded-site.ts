import type { EmbeddedPaths } from './embedded-paths.ts';
import type { Binaries } from './locate-binaries.ts';
import type { ServerAccount } from './server-account.ts';

/** All that is known about one embedded database before it runs. */
export interface EmbeddedSite {
  readonly paths: EmbeddedPaths;
  readonly account: ServerAccount;
  readonly binaries: Binaries;
  /** Where its socket lies. */
  readonly socketDir: string;
}
