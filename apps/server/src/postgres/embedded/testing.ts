/** For tests of the embedded database: directories and processes that are gone afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { readPostmasterFile } from './postmaster-file.ts';
import { findAccount } from './server-account.ts';
import type { EmbeddedPostgres } from './start-embedded-postgres.ts';
import { stopPostmaster } from './stop-postmaster.ts';
import { until } from './until.ts';

export const AS_ROOT = process.geteuid?.() === 0;
const CHILD = join(import.meta.dirname, 'testing-child.ts');

export interface Scratch {
  /** A directory that every user may pass. */
  readonly dir: string;
  readonly dataDir: string;
  readonly cluster: string;
  /** Starts the database of `dataDir` in a process of its own; see testing-child.ts. */
  child(mode: ChildMode, as?: { uid: number; gid: number }): StartedChild;
  /** Ends what still runs, and keeps the files. */
  stopAll(): Promise<void>;
  close(): Promise<void>;
}

export type ChildMode = 'hold' | 'insert' | 'once';

export interface StartedChild {
  readonly process: ChildProcess;
  readonly lines: string[];
  /** The next line that begins with this word, without it. */
  line(word: string): Promise<string>;
  /** SIGKILL, as an operating system does when memory runs out. */
  kill(): Promise<void>;
  ended(): Promise<void>;
}

export async function makeScratch(dataDirName = 'data'): Promise<Scratch> {
  const dir = await mkdtemp(join(tmpdir(), 'aaas-db-'));
  await chmod(dir, 0o711);
  const dataDir = join(dir, dataDirName);
  const cluster = join(dataDir, 'postgres/db');
  const children: StartedChild[] = [];
  const stopAll = async () => {
    for (const child of children.splice(0)) await child.kill();
    const file = await readPostmasterFile(cluster).catch(() => null);
    if (file !== null) await stopPostmaster(file.pid, cluster);
  };
  return {
    dir,
    dataDir,
    cluster,
    child(mode, as) {
      const child = startChild(mode, dataDir, as);
      children.push(child);
      return child;
    },
    stopAll,
    async close() {
      await stopAll();
      await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

function startChild(mode: ChildMode, dataDir: string, as?: { uid: number; gid: number }): StartedChild {
  const child = spawn(process.execPath, [CHILD, mode, dataDir], {
    ...as,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  // 'close' and not 'exit': all that it wrote has arrived.
  const closed = new Promise<void>((done) => child.once('close', () => done()));
  return {
    process: child,
    lines,
    line: (word) =>
      eventually(() => {
        const found = lines.find((line) => line.startsWith(`${word} `));
        if (found === undefined && child.exitCode !== null) throw new Error(`the child ended: ${lines.join(' | ')}`);
        return found?.slice(word.length + 1);
      }),
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
    ended: () => closed,
  };
}

/** The first truthy value of `check`; fails after twenty seconds. */
export async function eventually<T>(check: () => T | Promise<T>): Promise<Exclude<T, false | null | undefined>> {
  const value = await until(check, { withinMs: 20_000 });
  if (value === undefined) throw new Error('it did not come to pass within twenty seconds');
  return value;
}

/** One statement on a connection of its own. */
export async function ask<T extends pg.QueryResultRow>(
  { connection }: Pick<EmbeddedPostgres, 'connection'>,
  text: string,
): Promise<T[]> {
  const client = new pg.Client({ ...connection, port: 5432, ssl: false });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

/** The ids of a user of this system. */
export function accountNamed(passwd: string, name: string): { uid: number; gid: number } {
  const account = findAccount(passwd, name);
  if (account === null) throw new Error(`this system has no user ${name}`);
  return account;
}
