import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './platform.ts';
import { processesOf } from './processes.ts';
import { scratchDatabase } from './scratch-database.ts';
import { type ServerProcess, spawnServer } from './server-process.ts';
import { passableDirectory } from './test-platform.ts';

/** A place where servers are started one after another: a directory and a database, gone with everything in them. */
export interface Site extends AsyncDisposable {
  /** Every user may pass through it. */
  readonly parent: string;
  readonly dataDir: string;
  /** The admin key that a server has made here. */
  key(): string;
  spawn(settings?: Record<string, string>, asNobody?: boolean): Promise<ServerProcess>;
  /** Spawns and waits until it is ready. */
  start(settings?: Record<string, string>, asNobody?: boolean): Promise<ServerProcess>;
}

/** `name`: of the data directory below the new directory. */
export async function newSite(name = 'data'): Promise<Site> {
  const parent = passableDirectory();
  const dataDir = join(parent, name);
  const database = await scratchDatabase();
  const servers: ServerProcess[] = [];
  const spawn = async (settings: Record<string, string> = {}, asNobody = false) => {
    const server = await spawnServer({ DATA_DIR: dataDir, ...database.env, ...settings }, asNobody);
    servers.push(server);
    return server;
  };
  return {
    parent,
    dataDir,
    key: () => readFileSync(join(dataDir, 'admin.key'), 'utf8').trim(),
    spawn,
    start: async (settings, asNobody) => {
      const server = await spawn(settings, asNobody);
      await server.ready();
      return server;
    },
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) {
        server.signal('SIGKILL');
        await server.exited();
      }
      await until(() => processesOf(parent).length === 0);
      await database.drop();
      rmSync(parent, { recursive: true, force: true });
    },
  };
}

/** An agent on a server, and a way to talk to it. */
export async function deployOn(server: ServerProcess, key: string) {
  const { endpoint } = await server.json('POST', '/api/v1/agents', key, { config: { agent_type: 'code' } });
  return agentOn(server, key, endpoint);
}

/** The same agent, on a server that was started later. */
export function agentOn(server: ServerProcess, key: string, path: string) {
  return {
    path,
    view: () => server.json('GET', path, key),
    say: async (message: string): Promise<string> =>
      (await server.json('POST', `${path}/messages`, key, { message })).response,
  };
}
