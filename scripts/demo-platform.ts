import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isAlive, killProcessesOf } from './demo-processes.ts';

const MAIN = fileURLToPath(new URL('../apps/server/src/start/main.ts', import.meta.url));
const READY_WITHIN_MS = 90_000;
const GONE_WITHIN_MS = 15_000;
// A little more than the server takes at most: DRAIN_TIMEOUT and then some.
const STOPPED_WITHIN_MS = 45_000;
const POLL_MS = 20;
const TAIL_LINES = 12;
const TAIL_COLUMNS = 300;
/** What the server gets of our environment. Its settings are ours alone: a database of the user's is not touched. */
const PASSED_ON =
  /^(PATH|HOME|USER|LANG|LC_.*|TMPDIR|TEMP|SYSTEMROOT|ANTHROPIC_.*|DEFAULT_MODEL|NODE_EXTRA_CA_CERTS|SSL_CERT_.*|HTTPS?_PROXY|NO_PROXY)$/i;

/** A platform in a process of its own, on a directory that is removed with it. */
export class DemoPlatform {
  url = '';
  #directory = '';
  #child: ChildProcess | null = null;
  #output = '';
  #disposed = false;

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get key(): string {
    return readFileSync(join(this.#dataDir, 'admin.key'), 'utf8').trim();
  }

  get #dataDir(): string {
    return join(this.#directory, 'data');
  }

  /** Starts the server, also once more after it was killed, and waits until it takes work. */
  async start(): Promise<void> {
    if (this.#disposed) throw new Error('The demo is ending.');
    if (this.#directory === '') {
      this.#directory = await mkdtemp(join(tmpdir(), 'aaas-demo-'));
      // When we are root, the agents and the database are users of their own, who must get in.
      await chmod(this.#directory, 0o711);
    }
    const environment = Object.entries(process.env).filter(([name]) => PASSED_ON.test(name));
    const child = spawn(process.execPath, [MAIN], {
      env: { ...Object.fromEntries(environment), PORT: '0', DATA_DIR: this.#dataDir, LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C is for us: we stop the server.
      detached: true,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    await this.#until('the server is ready', READY_WITHIN_MS, async () => {
      if (hasEnded(child)) throw new Error(`The server has ended with ${child.exitCode ?? child.signalCode}.`);
      this.url = this.#announcedUrl(child.pid);
      return this.url !== '' && (await fetch(`${this.url}/health/ready`).catch(() => null))?.ok === true;
    });
  }

  /** Kills the server, and waits until it and a process that it has left alone are gone. */
  async kill(orphan: number | null): Promise<void> {
    const pids = [this.pid, ...(orphan === null ? [] : [orphan])];
    this.#child?.kill('SIGKILL');
    await this.#until(`processes ${pids.join(' and ')} are gone`, GONE_WITHIN_MS, () => !pids.some(isAlive));
  }

  /** The last lines of what the server has printed. */
  outputTail(): string {
    const lines = this.#output.trimEnd().split('\n').slice(-TAIL_LINES);
    return lines.map((line) => line.slice(0, TAIL_COLUMNS)).join('\n');
  }

  /** Stops the server, whatever it does, and removes its directory. @throws when something is left. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const child = this.#child;
    if (child && !hasEnded(child)) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), STOPPED_WITHIN_MS);
      await exit;
      clearTimeout(force);
    }
    if (this.#directory === '') return;
    await killProcessesOf(this.#directory);
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Where this very process listens; a killed one has left its announcement behind. */
  #announcedUrl(pid: number | undefined): string {
    try {
      const announced = JSON.parse(readFileSync(join(this.#dataDir, 'server.json'), 'utf8'));
      return announced.pid === pid ? announced.url : '';
    } catch {
      return '';
    }
  }

  async #until(what: string, withinMs: number, condition: () => boolean | Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + withinMs; !(await condition()); await sleep(POLL_MS)) {
      if (Date.now() > deadline) throw new Error(`Not within ${withinMs / 1000} s: ${what}.`);
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
