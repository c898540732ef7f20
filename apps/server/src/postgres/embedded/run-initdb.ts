import { dirname } from 'node:path';
import { StartupError } from '../../start/startup-error.ts';
import { DATABASE_USER } from './connection-target.ts';
import type { Binaries } from './locate-binaries.ts';
import type { ServerAccount } from './server-account.ts';
import { spawnServerProgram } from './spawn-server-program.ts';

const WITHIN_MS = 120_000;
const KILL_AFTER_MS = 2_000;
const OUTPUT_CHARACTERS = 4096;

/** Fills an empty directory of the database's user with a new database, written through to the disk. */
export async function runInitdb(
  binaries: Binaries,
  dir: string,
  account: ServerAccount,
  signal?: AbortSignal,
): Promise<void> {
  const child = await spawnServerProgram(
    binaries.initdb,
    [
      ['-D', dir, '-U', DATABASE_USER],
      ['--auth-local=trust', '--auth-host=reject', '--data-checksums', '--encoding=UTF8', '--no-instructions'],
      // Sorting and case rules that come with PostgreSQL: they need no locale of the system, and its upgrade cannot
      // change them under existing indexes.
      ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    ].flat(),
    account,
    'pipe',
    [dirname(dir), binaries.packageDir],
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-OUTPUT_CHARACTERS);
    });
  }
  const stop = AbortSignal.any([AbortSignal.timeout(WITHIN_MS), ...(signal ? [signal] : [])]);
  let kill: NodeJS.Timeout | undefined;
  const onStop = () => {
    killGroup(child.pid, 'SIGTERM');
    kill = setTimeout(killGroup, KILL_AFTER_MS, child.pid, 'SIGKILL');
  };
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  const code = await new Promise<number | null>((done) => child.once('close', done));
  stop.removeEventListener('abort', onStop);
  clearTimeout(kill);

  signal?.throwIfAborted();
  if (code === 0) return;
  const reason = stop.aborted ? `initdb took longer than ${WITHIN_MS / 1000} s` : errorLine(output);
  throw new StartupError(`The database could not be made in ${dir}: ${reason}.`, { cause: new Error(output) });
}

/** initdb runs the server as its child: both have to end. */
function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // gone already
  }
}

function errorLine(output: string): string {
  const lines = output.trim().split('\n');
  return lines.findLast((line) => /(FATAL|PANIC|error):/.test(line)) ?? lines.at(-1) ?? 'no reason given';
}
