import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { UidRange } from './find-processes.ts';
import type { LeaseTerm } from './lease-term.ts';
import { FROZEN, type LifelineCommand, type LifelineOptions, THAWED, writeCommand } from './lifeline-protocol.ts';

export interface Lifeline {
  /** The sandboxes stand still: the node may not hold its lease. */
  readonly frozen: boolean;
  /** The lease is held: sandboxes may run until then. Thaws them if they are frozen. */
  allow(term: LeaseTerm): void;
  /** The node has begun another life, whose markers begin so. */
  follow(marker: string): void;
  /** Ends it, and with it whatever the server has left behind; resolves when it is gone. */
  close(): Promise<void>;
  /**
   * Lets go of it as a killed server does: it ends sandboxes and database. Blocks until it has, at most `withinMs`, so
   * that nothing in this process answers, recovers or starts anything meanwhile: exit then.
   */
  abandon(withinMs: number): void;
}

export interface LifelineSettings {
  /** What the markers of this life of the node begin with. */
  marker: string;
  /** The users of its agents by now. */
  uids(): UidRange | null;
  postgresPid: number | null;
  log: Logger;
  /** Called when the sandboxes stand still; what it returns is called when they go on, or are no more. */
  onFrozen(): () => void;
}

const RESPAWN_PAUSE_MS = 500;

/** Keeps one lifeline process beside the server: a killed one is replaced. */
export async function startLifeline(settings: LifelineSettings): Promise<Lifeline> {
  const { log, uids, postgresPid } = settings;
  let { marker } = settings;
  const spawnOne = () => spawnLifeline({ life: { marker, uids: uids() }, postgresPid });
  let term: LeaseTerm | null = null;
  let frozen = false;
  let release = () => {};
  let closing = false;
  let child = await spawnOne();
  watch(child);

  function watch(current: ChildProcess): void {
    if (current.stdout) createInterface({ input: current.stdout }).on('line', hear);
    current.once('exit', () => {
      if (closing) return;
      log.warn('the lifeline process ended; starting another');
      setTimeout(respawn, RESPAWN_PAUSE_MS).unref();
    });
  }

  async function respawn(): Promise<void> {
    if (closing) return;
    try {
      child = await spawnOne();
    } catch (error) {
      log.error({ err: error }, 'failed to start the lifeline process; trying again');
      setTimeout(respawn, RESPAWN_PAUSE_MS).unref();
      return;
    }
    watch(child);
    if (frozen) tell({ say: 'adopt' });
    if (term) tell({ say: 'lease', term, uids: uids() });
  }

  function hear(line: string): void {
    if (line === FROZEN) {
      frozen = true;
      log.warn('the sandboxes of this node are frozen: its lease could not be renewed in time');
      release = settings.onFrozen();
    } else if (line === THAWED) {
      goOn();
      log.warn('the lease is renewed: the sandboxes of this node go on');
    }
  }

  function goOn(): void {
    frozen = false;
    release();
    release = () => {};
  }

  function tell(command: LifelineCommand): void {
    child.stdin?.write(writeCommand(command));
  }

  return {
    get frozen() {
      return frozen;
    },
    allow: (next) => {
      term = next;
      tell({ say: 'lease', term, uids: uids() });
    },
    follow: (next) => {
      marker = next;
      goOn();
      term = null;
      tell({ say: 'life', life: { marker, uids: uids() } });
    },
    close: async () => {
      closing = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.stdin?.end(writeCommand({ say: 'goodbye' }));
      await gone;
    },
    abandon: (withinMs) => {
      closing = true;
      child.stdin?.destroy();
      waitForEnd(child, withinMs);
    },
  };
}

async function spawnLifeline(options: LifelineOptions): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./lifeline.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    // A group of its own: a signal to the server's group must not reach it.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH },
    cwd: '/',
  });
  child.stdin?.on('error', () => {});
  if (!child.stdout) throw new Error('failed to start the lifeline process');
  await Promise.race([once(child.stdout, 'data'), once(child, 'error').then(([error]) => Promise.reject(error))]);
  child.unref();
  return child;
}

const LOOK_MS = 20;

function waitForEnd({ pid }: ChildProcess, withinMs: number): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < withinMs && isRunning(pid); waited += LOOK_MS) Atomics.wait(clock, 0, 0, LOOK_MS);
}

/** Nobody takes a child's exit code while we block: it stays as a zombie. */
function isRunning(pid: number | undefined): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}
