import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DATABASE, DATABASE_USER } from '../../apps/server/src/postgres/embedded/connection-target.ts';
import { embeddedPaths } from '../../apps/server/src/postgres/embedded/embedded-paths.ts';
import type { PoolTarget } from '../../apps/server/src/postgres/pool.ts';

// Node's own place for it: hundreds of servers need not be compiled each time anew.
export const COMPILE_CACHE = join(tmpdir(), 'node-compile-cache');
const MAIN = fileURLToPath(new URL('../../apps/server/src/start/main.ts', import.meta.url));
const READY_WITHIN_MS = 30_000;
// Longer than a server may take to drain with the default settings.
const STOPS_WITHIN_MS = 45_000;

/** A real server in a process of its own, on a directory of its own. */
export interface Platform {
  readonly url: string;
  readonly dataDir: string;
  readonly key: string;
  readonly pid: number;
  /** Where its rows are. */
  readonly database: PoolTarget;
  /** What it printed. */
  output(): string;
  /** A request with the admin key; `body` is sent as JSON. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** The same, parsed; throws on a status outside 2xx. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  json(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<any>;
  /** Deploys an agent and returns its id. */
  deploy(config?: Record<string, unknown>): Promise<string>;
  /** Ends the server at once, as a crash would. */
  crash(): Promise<void>;
  /** Starts it again on the same directory and port. */
  start(): Promise<void>;
  /** Ctrl-C, and the exit code. */
  stop(): Promise<number | null>;
  /** Stops it if it runs and removes its directory. */
  dispose(): Promise<void>;
}

/** Starts the platform and waits until it is ready. */
export async function startPlatform(env: Record<string, string> = {}): Promise<Platform> {
  const dataDir = env.DATA_DIR ?? join(mkdtempSync(join(tmpdir(), 'aaas-test-')), 'data');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess;
  let output = '';

  async function start(): Promise<void> {
    child = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        LOG_LEVEL: 'warn',
        RECOVERY_BACKOFF_SECONDS: '1',
        RATE_LIMIT_ENABLED: 'false',
        // Spares would be at work beside every test.
        WARM_POOL_MEMORY_PERCENT: '0',
        AAAS_ENV_FILE: '/dev/null',
        // Servers of one database share their key.
        ...(env.DATABASE_URL ? { ENCRYPTION_KEY: Buffer.alloc(32, 'test').toString('base64') } : {}),
        ...env,
        PORT: String(port),
        DATA_DIR: dataDir,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${output}`);
      return (await fetch(`${url}/health/ready`).catch(() => null))?.ok ?? false;
    }, READY_WITHIN_MS);
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exit = once(child, 'exit');
    child.kill(signal);
    return (await exit)[0];
  }

  const platform: Platform = {
    url,
    dataDir,
    get key() {
      return env.API_KEY ?? readFileSync(join(dataDir, 'admin.key'), 'utf8').trim();
    },
    get pid() {
      return child.pid as number;
    },
    database: env.DATABASE_URL
      ? { connectionString: env.DATABASE_URL }
      : { host: embeddedPaths(dataDir).socketDir, user: DATABASE_USER, database: DATABASE },
    output: () => output,
    request: (method, path, body, headers = {}) =>
      fetch(`${url}${path}`, {
        method,
        headers: {
          'x-api-key': platform.key,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    json: async (method, path, body, headers) => {
      const response = await platform.request(method, path, body, headers);
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === '' ? null : JSON.parse(text);
    },
    deploy: async (config = {}) =>
      (await platform.json('POST', '/api/v1/agents', { config: { agent_type: 'code', ...config } })).agent_id,
    crash: async () => {
      await end('SIGKILL');
    },
    start,
    stop: () => end('SIGINT'),
    dispose: async () => {
      // A server that does not stop must not outlive the tests that made it so.
      const force = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS);
      await end('SIGINT');
      clearTimeout(force);
      if (!env.DATA_DIR) rmSync(join(dataDir, '..'), { recursive: true, force: true });
    },
  };
  await start();
  return platform;
}

/** Waits for a condition, with a deadline. */
export async function until(condition: () => Promise<boolean> | boolean, withinMs = 15_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; ; await sleep(25)) {
    if (await condition()) return;
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${condition}`);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A message that makes the simulator do something. */
export function script(steps: Record<string, unknown>[], text = 'please'): string {
  return `${text}\n\`\`\`simulate\n${JSON.stringify(steps)}\n\`\`\``;
}
