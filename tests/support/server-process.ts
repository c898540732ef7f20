import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { COMPILE_CACHE, until } from './platform.ts';

const MAIN = fileURLToPath(new URL('../../apps/server/src/start/main.ts', import.meta.url));
const READY_WITHIN_MS = 30_000;
/** The user that owns nothing. */
export const NOBODY = 65_534;

/** A server process, whether it comes to serve or not. */
export interface ServerProcess {
  readonly url: string;
  stdout(): string;
  stderr(): string;
  /** Waits until it takes requests. @throws when it ends instead, or takes longer than 30 s. */
  ready(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** To the whole process group, as a terminal does at Ctrl-C. */
  signalGroup(name: NodeJS.Signals): void;
  /** Waits for its end. */
  exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  json(method: string, path: string, key: string, body?: unknown): Promise<any>;
}

/** Spawns the server with these settings and nothing else. `asNobody`: as a plain user. */
export async function spawnServer(settings: Record<string, string>, asNobody = false): Promise<ServerProcess> {
  const port = settings.PORT ?? String(await freePort());
  const own = [process.execPath, MAIN];
  const [command = '', ...args] = asNobody ? ['setpriv', ...AS_NOBODY, ...own] : own;
  const child: ChildProcess = spawn(command, args, {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      LOG_LEVEL: 'warn',
      RECOVERY_BACKOFF_SECONDS: '0',
      RATE_LIMIT_ENABLED: 'false',
      AAAS_ENV_FILE: '/dev/null',
      PORT: port,
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    detached: true,
  });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
    });
  }
  // 'close' comes after the last output, 'exit' perhaps before.
  const closed = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    ready: () =>
      until(async () => {
        if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${printed.stderr}`);
        // It listens a moment before it says so.
        if (!printed.stdout.includes('is ready after')) return false;
        return (await fetch(`${url}/health/ready`).catch(() => null))?.ok ?? false;
      }, READY_WITHIN_MS),
    signal: (name) => void child.kill(name),
    signalGroup: (name) => void process.kill(-(child.pid as number), name),
    exited: () => closed,
    json: async (method, path, key, body) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { 'x-api-key': key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return response.json();
    },
  };
}

const AS_NOBODY = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

/** Whether the plain user can run the server at all: a checkout below a closed directory is out of its reach. */
export function nobodyCanRun(): boolean {
  if (process.getuid?.() !== 0) return false;
  return spawnSync('setpriv', [...AS_NOBODY, process.execPath, '--check', MAIN], { cwd: '/' }).status === 0;
}

/** Somebody else who listens. */
export async function takePort(): Promise<{ port: number; server: Server }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as { port: number }).port, server };
}

async function freePort(): Promise<number> {
  const { port, server } = await takePort();
  server.close();
  await once(server, 'close');
  return port;
}
