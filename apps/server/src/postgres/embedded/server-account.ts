import { readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { StartupError } from '../../start/startup-error.ts';
import type { ClusterState } from './cluster-state.ts';
import type { EmbeddedPaths } from './embedded-paths.ts';

/** The user that the database runs as and that owns its files. */
export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
  /** True when the server is root and has to step down for the database, which refuses to run as root. */
  readonly stepsDown: boolean;
}

export async function serverAccount({ cluster }: EmbeddedPaths, state: ClusterState): Promise<ServerAccount> {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  if (uid !== 0) return { uid, gid, stepsDown: false };

  // Files that exist decide: in a rebuilt image the user 'postgres' may have come, gone or got another id.
  if (state.kind === 'complete') {
    const existing = await stat(cluster);
    if (existing.uid === 0) {
      throw new StartupError(
        `The database files in ${cluster} belong to root, whom PostgreSQL refuses to run as: give them to an unprivileged user with 'chown -R'.`,
      );
    }
    return { uid: existing.uid, gid: existing.gid, stepsDown: true };
  }
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  for (const name of ['postgres', 'nobody']) {
    const account = findAccount(passwd, name);
    if (account && account.uid !== 0) return { ...account, stepsDown: true };
  }
  throw new StartupError(
    "PostgreSQL refuses to run as root, and there is neither a user 'postgres' nor 'nobody' on this system: add one, start the server as another user, or set DATABASE_URL.",
  );
}

export function findAccount(passwd: string, name: string): { uid: number; gid: number } | null {
  for (const line of passwd.split('\n')) {
    const [user, , uid, gid] = line.split(':');
    // macOS writes the ids of 'nobody' as -2; the system calls take them unsigned.
    if (user === name && uid && gid) return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
  }
  return null;
}

/** initdb looks its user's name up and fails without one, as in a container that was given a bare user id. */
export function assertNamed(account: ServerAccount): void {
  if (account.stepsDown) return; // found by name, or owner of files that initdb made
  try {
    userInfo();
  } catch (cause) {
    throw new StartupError(
      `The user id ${account.uid} has no entry in /etc/passwd, without which PostgreSQL cannot make a database: add one, run as a named user, or set DATABASE_URL.`,
      { cause },
    );
  }
}
