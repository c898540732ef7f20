import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { setImmediate as yieldOnce } from 'node:timers/promises';
import { SANDBOX_MARKER } from './sandbox-marker.ts';

/** A living process, as /proc shows it. */
export interface SeenProcess {
  pid: number;
  parent: number;
  /** In ticks since the machine began; together with the pid it names one process for good. */
  startTicks: number;
  /** By a signal, whoever sent it. */
  stopped: boolean;
  /** The effective user; -1 when it has ended meanwhile. Looked up when it is asked for. */
  readonly uid: number;
  /** Of the sandbox that it belongs to; null: it says of none. */
  marker: string | null;
}

// Reading /proc waits for nothing, and costs a fifth of what it costs by way of the thread pool; others get a turn
// after so many processes, which take a few milliseconds.
const IN_ONE_GO = 64;
const KTHREADD = 2;

/** Every living process of the machine that can be read. Without /proc (macOS): none. */
export async function scanProcesses(): Promise<SeenProcess[]> {
  const seen: SeenProcess[] = [];
  for (const [index, pid] of listPids().entries()) {
    if (index % IN_ONE_GO === IN_ONE_GO - 1) await yieldOnce();
    const found = look(pid);
    if (found) seen.push(found);
  }
  return seen;
}

function listPids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

// A process that ended while we looked is none; a zombie is none, though it has a line until its parent reaps it.
function look(pid: number): SeenProcess | null {
  const stat = read(pid, 'stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent] = fields;
  if (stat === '' || state === 'Z' || state === 'X' || Number(parent) === KTHREADD) return null;
  return {
    pid,
    parent: Number(parent),
    startTicks: Number(fields[19]),
    stopped: state === 'T',
    get uid() {
      return Number(/^Uid:\s+\d+\s+(\d+)/m.exec(read(pid, 'status'))?.[1] ?? -1);
    },
    marker: markerIn(read(pid, 'environ')),
  };
}

const NAME = `${SANDBOX_MARKER}=`;

function markerIn(environ: string): string | null {
  const start = environ.startsWith(NAME) ? 0 : environ.indexOf(`\0${NAME}`) + 1;
  if (start === 0 && !environ.startsWith(NAME)) return null;
  const end = environ.indexOf('\0', start);
  return environ.slice(start + NAME.length, end === -1 ? undefined : end);
}

const buffer = Buffer.alloc(65_536);

function read(pid: number, file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(`/proc/${pid}/${file}`, 'r');
    let text = '';
    for (let length = readSync(descriptor, buffer); length > 0; length = readSync(descriptor, buffer)) {
      text += buffer.toString('latin1', 0, length);
    }
    return text;
  } catch {
    return '';
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
