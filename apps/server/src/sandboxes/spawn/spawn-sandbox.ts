import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { spawnAs, type User } from '../../processes/passage.ts';
import { secretHider } from '../../telemetry/hide-secrets.ts';
import { endStrays } from '../reaper/end-strays.ts';
import { endTree } from '../reaper/end-tree.ts';
import type { ProcessQuery } from '../reaper/find-processes.ts';
import { ownSandbox } from '../reaper/owned-sandboxes.ts';
import { SANDBOX_MARKER, type SandboxName } from '../reaper/sandbox-marker.ts';

/** How a process ended. */
export interface ExitInfo {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** It could not be spawned at all. */
  error: Error | null;
}

export function describeExit({ code, signal, error }: ExitInfo): string {
  if (error) return error.message;
  return signal ? `ended by ${signal}` : `ended with exit code ${code}`;
}

/** The process tree of a session on this node. */
export interface Sandbox {
  /** Null: it could not be spawned; `exited` says why. */
  readonly pid: number | null;
  readonly child: ChildProcessWithoutNullStreams;
  /** By which its processes are found. */
  readonly tree: ProcessQuery;
  /** Resolves when the first process of the tree is gone, whatever ended it. */
  readonly exited: Promise<ExitInfo>;
  /** Resolves when it can say no more, alive or not. */
  readonly outputEnded: Promise<void>;
  /** The last lines it wrote to standard error. */
  lastOutput(): string;
  /** Asks what is left of the tree to end, kills what does not within `graceMs`, resolves when it is confirmed gone. */
  end(graceMs: number): Promise<void>;
  /** Ends the whole tree at once and resolves when it is confirmed gone. */
  kill(): Promise<void>;
  /** Ends what was started since and has left the tree: daemons of a turn that was interrupted. */
  endStrays(since: Date): Promise<void>;
}

const OUTPUT_KEPT_CHARS = 4_000;

/** Spawns a sandbox: a process group of its own, its own user when there is one, and the marker by which it is found. */
export function spawnSandbox(options: {
  name: SandboxName;
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  user: User | null;
  /** Directories that the process must reach. */
  needs: string[];
  /** What its output must not show to others. */
  secrets: string[];
}): Sandbox {
  const owned = ownSandbox(options.name, options.user?.uid ?? null);
  const hideSecrets = secretHider(options.secrets);
  const { command, args, user } = spawnAs(options.user, options, options.needs);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...options.env, [SANDBOX_MARKER]: owned.marker },
    detached: true,
    stdio: 'pipe',
    ...user,
  });
  const exited = once(child, 'exit').then(
    ([code, signal]): ExitInfo => ({ code, signal, error: null }),
    (error: Error): ExitInfo => ({ code: null, signal: null, error }),
  );
  // Whoever writes to a dead process learns it from `exited`.
  child.stdin.on('error', () => {});
  const end = async (graceMs: number): Promise<void> => {
    if (child.pid !== undefined && graceMs === 0) killGroup(child.pid);
    try {
      await endTree(owned, graceMs);
    } finally {
      // What outlives that has no owner any more: the reaper goes on with it.
      owned.release();
    }
    await exited;
  };
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-OUTPUT_KEPT_CHARS);
  });
  return {
    pid: child.pid ?? null,
    child,
    tree: owned,
    exited,
    outputEnded: new Promise((resolve) => child.stdout.once('close', resolve).once('end', resolve)),
    lastOutput: () => hideSecrets(output.trim()),
    end,
    kill: () => end(0),
    endStrays: (since) => endStrays(owned, options.command, since),
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is empty already.
  }
}
