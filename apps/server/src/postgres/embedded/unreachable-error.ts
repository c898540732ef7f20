import { StartupError } from '../../start/startup-error.ts';

/** What the database's user needs to reach, and the first directory on the way that does not let it pass. */
export interface Blocked {
  readonly path: string;
  readonly blockedBy: string;
  readonly uid: number;
}

/**
 * The database runs as an unprivileged user, who cannot come to DATA_DIR although the server, as root, can.
 * The caller may solve it by running again in a mount namespace where the path is reachable.
 */
export class UnreachableDataDirError extends StartupError implements Blocked {
  override name = 'UnreachableDataDirError';
  readonly path: string;
  readonly blockedBy: string;
  readonly uid: number;

  constructor({ path, blockedBy, uid }: Blocked) {
    super(
      `The database runs as user id ${uid}, which may not enter ${blockedBy} on the way to the data directory ${path}: choose a DATA_DIR outside of it, or run 'chmod o+x ${blockedBy}'.`,
    );
    this.path = path;
    this.blockedBy = blockedBy;
    this.uid = uid;
  }
}

/** The same for the PostgreSQL binaries, for instance in a checkout under /root. */
export class UnreachableBinariesError extends StartupError implements Blocked {
  override name = 'UnreachableBinariesError';
  readonly path: string;
  readonly blockedBy: string;
  readonly uid: number;

  constructor({ path, blockedBy, uid }: Blocked) {
    super(
      `The database runs as user id ${uid}, which may not enter ${blockedBy} on the way to the PostgreSQL programs in ${path}: install the server outside of it, or run 'chmod o+x ${blockedBy}'.`,
    );
    this.path = path;
    this.blockedBy = blockedBy;
    this.uid = uid;
  }
}
