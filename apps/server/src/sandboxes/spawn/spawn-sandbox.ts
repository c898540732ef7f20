import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { spawnAs, type User } from '../../processes/passage.ts';
import { secretHider } from '../../telemetry/hide-secrets.ts';
import type { Confinement } from '../isolation/confinement.ts';
import { locateProgram } from '../isolation/locate-process.ts';
import type { Breach } from '../limits/breach.ts';
import type { Enclosure } from '../limits/enclosure.ts';
import { GATE_DESCRIPTOR } from '../limits/gate.ts';
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
  /** It was ended for a limit that it had reached. */
  breach: Breach | null;
  /** Whether `breach` would tell of a kill for want of memory. */
  killsCounted: boolean;
}

export function describeExit({ code, signal, error, breach }: ExitInfo): string {
  if (error) return error.message;
  if (breach) return breach.event.message;
  return signal ? `ended by ${signal}` : `ended with exit code ${code}`;
}

/** The process tree of a session on this node. */
export interface Sandbox {
  /** Of the program itself. Null: it could not be spawned, `exited` says why; or it is not `located` yet. */
  readonly pid: number | null;
  /** Resolves when `pid` is known, or never will be. */
  readonly located: Promise<void>;
  readonly child: ChildProcessWithoutNullStreams;
  /** What holds its processes together: measures, freezes and thaws them. */
  readonly enclosure: Enclosure;
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

/**
 * Spawns a sandbox: a process group of its own, its own user when there is one, the marker by which it is found, and
 * its enclosure, which is closed when it has ended.
 */
export function spawnSandbox(options: {
  name: SandboxName;
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  user: User | null;
  enclosure: Enclosure;
  /** Directories that the process must reach. */
  needs: string[];
  /** Of those, the ones that it may write. */
  writable: string[];
  /** The sandbox around it; null: none. Closed when the process ends. */
  confinement: Confinement | null;
  /** What its output must not show to others. */
  secrets: string[];
}): Sandbox {
  const owned = ownSandbox(options.name, options.user?.uid ?? null);
  const hideSecrets = secretHider(options.secrets);
  const { enclosure, confinement } = options;
  const launch = (program: { command: string; args: string[] }) => enclosure.launch(program, owned.marker);
  const program = confinement ? confinement.wrap(options, options.writable, launch) : launch(options);
  const needs = [...options.needs, ...(confinement?.needs ?? [])];
  const { user, command, args } = spawnAs(options.user, { ...program, cwd: options.cwd }, needs);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...options.env, [SANDBOX_MARKER]: owned.marker },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', confinement ? 'ipc' : 'ignore', 'pipe'],
    ...user,
  }) as ChildProcessWithoutNullStreams;
  confinement?.adopt(child);
  let pid = confinement ? null : (child.pid ?? null);
  const gone = () => child.exitCode !== null || child.signalCode !== null;
  const locating = confinement && child.pid !== undefined ? locateProgram(child.pid, gone) : Promise.resolve(null);
  const located = locating.then((found) => {
    pid ??= found?.program ?? null;
    enclosure.pid = pid;
  });
  const admitted = admit(enclosure, child, locating);
  const { killsCounted } = enclosure;
  const exited = once(child, 'exit').then(
    async ([code, signal]): Promise<ExitInfo> => {
      const error = await admitted;
      const breach = await enclosure.breachOf({ code, signal });
      return { ...(confinement ? programExit(code, signal) : { code, signal }), error, breach, killsCounted };
    },
    (error: Error): ExitInfo => ({ code: null, signal: null, error, breach: null, killsCounted }),
  );
  // Whoever writes to a dead process learns it from `exited`.
  child.stdin.on('error', () => {});
  const end = async (graceMs: number): Promise<void> => {
    await admitted;
    try {
      // bubblewrap would not hand the signal on but take everything with it; it ends when its program does.
      await endTree(owned, graceMs, enclosure, confinement ? child.pid : undefined);
    } finally {
      // What outlives that has no owner any more: the reaper goes on with it.
      owned.release();
    }
    await exited;
    await enclosure.close();
  };
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-OUTPUT_KEPT_CHARS);
  });
  return {
    get pid() {
      return pid;
    },
    located,
    child,
    enclosure,
    tree: owned,
    exited,
    outputEnded: new Promise((resolve) => child.stdout.once('close', resolve).once('end', resolve)),
    lastOutput: () => hideSecrets(output.trim()),
    end,
    kill: () => end(0),
    endStrays: (since) => endStrays(owned, options.command, since),
  };
}

/**
 * Lets the waiting process go once it stands in its enclosure, with what is around it. The kernel takes its time for the
 * first: meanwhile the sandbox is made.
 * @returns what kept it from that; then it ends.
 */
async function admit(
  enclosure: Enclosure,
  child: ChildProcess,
  locating: ReturnType<typeof locateProgram>,
): Promise<Error | null> {
  const gate = child.stdio[GATE_DESCRIPTOR] as Writable | undefined;
  gate?.on('error', () => {});
  if (child.pid === undefined) return null;
  try {
    await enclosure.admit(child.pid);
    // They were born before it stood there.
    const inside = await locating;
    if (inside) for (const pid of [inside.reaper, inside.program]) await enclosure.admit(pid);
    gate?.end('go\n');
    return null;
  } catch (error) {
    gate?.destroy();
    // It ended while it waited: how is told by its exit.
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? null : (error as Error);
  }
}

/** bubblewrap ends with 128 + n when signal n has ended its program. */
function programExit(code: number | null, signal: NodeJS.Signals | null): Pick<ExitInfo, 'code' | 'signal'> {
  const name = Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0];
  return name ? { code: null, signal: name as NodeJS.Signals } : { code, signal };
}
