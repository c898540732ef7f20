import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { spawnAs } from '../../processes/passage.ts';
import { StartupError } from '../../start/startup-error.ts';
import type { ServerAccount } from './server-account.ts';

/**
 * Starts one of PostgreSQL's programs as the database's user, in a process group of its own (Ctrl-C in the terminal
 * must not stop the database before the server that uses it) and without our environment, which holds secrets.
 */
export async function spawnServerProgram(
  program: string,
  args: string[],
  account: ServerAccount,
  output: 'pipe' | number,
  /** Directories that the program must reach. */
  needs: string[],
): Promise<ChildProcess & { pid: number }> {
  const user = account.stepsDown ? { uid: account.uid, gid: account.gid } : null;
  const how = spawnAs(user, { command: program, args, cwd: '/' }, needs);
  const child = spawn(how.command, how.args, {
    ...how.user,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    detached: true,
    stdio: ['ignore', output, output],
  });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const hint = code === 'ENOENT' ? ' (the programs are built for glibc, which Alpine lacks)' : '';
    throw new StartupError(
      `The PostgreSQL program ${program} cannot be run: ${code}${hint}; set DATABASE_URL to a PostgreSQL server of your own.`,
      { cause },
    );
  }
  return child as ChildProcess & { pid: number };
}
