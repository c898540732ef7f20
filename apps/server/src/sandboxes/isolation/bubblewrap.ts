import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { spawnAs, type User } from '../../processes/passage.ts';
import { INSIDE } from './inside.ts';
import { systemView } from './system-view.ts';

/** Namespaces of its own for everything; it dies with us, and cannot gain anything that it does not have. */
const NAMESPACES = [
  ...['--unshare-user', '--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'],
  ...['--hostname', 'sandbox', '--die-with-parent', '--new-session'],
];
const PROBE_TIMEOUT_MS = 15_000;
// Listening is part of it: without a loopback of its own a sandbox reaches nothing at all.
const PROBE = "require('net').createServer().listen(0, '127.0.0.1', () => process.exit(0))";

/** How sandboxes are made on this machine: what every one of them begins with. */
export interface Bubblewrap {
  args: readonly string[];
  /** Directories that must be reachable to make one. */
  needs: readonly string[];
  /** Whether a sandbox may not make user namespaces of its own, and with them reach more of the kernel. */
  nestingForbidden: boolean;
}

/**
 * Tries bubblewrap as the agents will use it.
 * @param user any of those that agents run as; null: the server's own.
 * @returns why it does not work here, in words for the operator, when it does not.
 */
export function findBubblewrap(user: User | null, extraPaths: string[]): Bubblewrap | { unavailable: string } {
  const view = systemView(extraPaths);
  const needs = [dirname(process.execPath), ...extraPaths];
  let unavailable = '';
  for (const nesting of [['--disable-userns'], []]) {
    const args = [...NAMESPACES, ...nesting, ...view];
    const why = probe(user, args, needs);
    if (why === null) return { args, needs, nestingForbidden: nesting.length > 0 };
    unavailable ||= why;
  }
  return { unavailable };
}

function probe(user: User | null, args: string[], needs: string[]): string | null {
  const node = ['--ro-bind', process.execPath, `${INSIDE.bin}/node`];
  const program = { command: 'bwrap', args: [...args, ...node, '--', `${INSIDE.bin}/node`, '-e', PROBE], cwd: '/' };
  const spawn = spawnAs(user, program, needs);
  const run = spawnSync(spawn.command, spawn.args, {
    ...spawn.user,
    cwd: '/',
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
    timeout: PROBE_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  if (run.status === 0) return null;
  if ((run.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return 'bubblewrap (bwrap) is not installed';
  const lines = (run.stderr ?? '').trim().split('\n');
  return (
    lines.find((line) => /^(bwrap:|unshare:|\w*Error:)/.test(line)) ||
    lines[0] ||
    run.error?.message ||
    `bwrap ended with ${run.status ?? run.signal}`
  );
}
