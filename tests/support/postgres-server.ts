import { type ChildProcess, type SpawnSyncOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { until } from './platform.ts';

/** A PostgreSQL server as an operator would run one: TCP, of whatever version the system has. */
export interface PostgresServer {
  readonly url: string;
  readonly port: number;
  /** Ends it as an operator would, which cuts every connection, and starts it again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Where the system keeps its server programs; null when it has none. */
export function systemPostgres(): string | null {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb'))) ?? null;
}

export async function startPostgresServer(bin: string, settings: Record<string, string> = {}): Promise<PostgresServer> {
  const dir = mkdtempSync(join(tmpdir(), 'aaas-pg-'));
  const user = postgresUser();
  if (user) chownSync(dir, user.uid, user.gid);
  const options: SpawnSyncOptions = { cwd: dir, encoding: 'utf8', ...user };
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', join(dir, 'db'), '-U', 'aaas', '--auth=trust', '-E', 'UTF8', '--locale=C'],
    options,
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const url = `postgres://aaas@127.0.0.1:${port}/postgres`;
  const named = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const args = ['-D', join(dir, 'db'), '-c', 'listen_addresses=127.0.0.1', '-p', String(port), '-k', dir, ...named];
  let child: ChildProcess;

  async function start(): Promise<void> {
    child = spawn(join(bin, 'postgres'), args, { cwd: dir, stdio: 'ignore', ...user });
    await until(async () => {
      const client = new pg.Client({ connectionString: url });
      const up = await client.connect().then(
        () => true,
        () => false,
      );
      await client.end().catch(() => {});
      return up;
    });
  }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGINT');
    await gone;
  }

  await start();
  let restarting: Promise<void> | null = null;
  return {
    url,
    port,
    // One at a time: a server that has much to write takes long to stop.
    restart: () => {
      restarting ??= stop()
        .then(start)
        .finally(() => {
          restarting = null;
        });
      return restarting;
    },
    close: async () => {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

// PostgreSQL refuses to run as root.
function postgresUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
