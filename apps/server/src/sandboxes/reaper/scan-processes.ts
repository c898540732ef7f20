import { readdir, readFile } from 'node:fs/promises';
import { SANDBOX_MARKER } from './sandbox-marker.ts';

/** A living process, as /proc shows it. */
export interface SeenProcess {
  pid: number;
  parent: number;
  /** In ticks since the machine began; together with the pid it names one process for good. */
  startTicks: number;
  /** By a signal, whoever sent it. */
  stopped: boolean;
  /** The effective user. */
  uid: number;
  /** Of the sandbox that it belongs to; null: it says of none. */
  marker: string | null;
}

/** Every living process of the machine that can be read. Without /proc (macOS): none. */
export async function scanProcesses(): Promise<SeenProcess[]> {
  const names = await readdir('/proc').catch(() => []);
  const seen = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => look(Number(name))));
  return seen.filter((process) => process !== null);
}

// A process that ended while we looked is none; a zombie is none, though it has a line until its parent reaps it.
async function look(pid: number): Promise<SeenProcess | null> {
  const stat = await read(pid, 'stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent] = fields;
  if (stat === '' || state === 'Z' || state === 'X') return null;
  const [status, environ] = await Promise.all([read(pid, 'status'), read(pid, 'environ')]);
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1];
  if (uid === undefined) return null;
  const entry = environ.split('\0').find((variable) => variable.startsWith(`${SANDBOX_MARKER}=`));
  return {
    pid,
    parent: Number(parent),
    startTicks: Number(fields[19]),
    stopped: state === 'T',
    uid: Number(uid),
    marker: entry?.slice(SANDBOX_MARKER.length + 1) ?? null,
  };
}

function read(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
}
