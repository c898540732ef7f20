import { readdir, readFile } from 'node:fs/promises';
import type { ProcessQuery } from '../reaper/find-processes.ts';
import { SANDBOX_MARKER } from '../reaper/sandbox-marker.ts';

/** What a process tree takes, whoever its processes are children of. */
export interface TreeFigures {
  /** Memory that its end would give back: what no file holds, in bytes. */
  memoryBytes: number;
  /** Of the living processes, and of those that they have waited for. */
  cpuSeconds: number;
  pids: number[];
}

// The kernel shows times in hundredths of a second, whatever it counts in itself.
const TICKS_PER_SECOND = 100;
const READS_AT_ONCE = 64;

/** By pid: which process that was, and the marker of the sandbox that it belongs to. */
type Known = Map<number, { identity: string; marker: string | null }>;

/**
 * Measures process trees by reading /proc. A process's environment is read once in its life: what it says of the sandbox
 * cannot change, other than by becoming another program.
 */
export class TreeMeter {
  #known: Known = new Map();

  /** @returns figures in the order of the queries. Where there is no /proc, of nothing. */
  async measure(queries: readonly ProcessQuery[]): Promise<TreeFigures[]> {
    const figures = queries.map((): TreeFigures => ({ memoryBytes: 0, cpuSeconds: 0, pids: [] }));
    const byMarker = new Map(queries.map(({ marker }, index) => [marker, figures[index]]));
    const byUid = new Map(queries.flatMap(({ uid }, index) => (uid === null ? [] : [[uid, figures[index]] as const])));
    const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
    const seen: Known = new Map();
    for (let from = 0; from < pids.length; from += READS_AT_ONCE) {
      await Promise.all(
        pids.slice(from, from + READS_AT_ONCE).map(async (pid) => {
          const stat = parseStat(await read(`/proc/${pid}/stat`));
          if (!stat) return;
          const marker = await this.#markerOf(pid, stat.identity);
          seen.set(pid, { identity: stat.identity, marker });
          const marked = marker === null ? undefined : byMarker.get(marker);
          if (!marked && byUid.size === 0) return;
          const status = await read(`/proc/${pid}/status`);
          const tree = marked ?? byUid.get(field(status, 'Uid'));
          if (!tree) return;
          tree.pids.push(pid);
          tree.cpuSeconds += stat.ticks / TICKS_PER_SECOND;
          tree.memoryBytes += 1024 * (field(status, 'RssAnon') + field(status, 'RssShmem'));
        }),
      );
    }
    this.#known = seen;
    return figures;
  }

  async #markerOf(pid: number, identity: string): Promise<string | null> {
    const known = this.#known.get(pid);
    if (known?.identity === identity) return known.marker;
    const environ = `\0${await read(`/proc/${pid}/environ`)}`;
    const at = environ.indexOf(`\0${SANDBOX_MARKER}=`);
    if (at === -1) return null;
    return environ.slice(at + SANDBOX_MARKER.length + 2, environ.indexOf('\0', at + 1));
  }
}

/** `identity`: a pid is given again, and a process becomes another program. */
function parseStat(stat: string): { identity: string; ticks: number } | null {
  const end = stat.lastIndexOf(')');
  if (end === -1) return null;
  const fields = stat.slice(end + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  // utime, stime, cutime, cstime: 14 to 17 as proc(5) counts; starttime: 22.
  const ticks = fields.slice(11, 15).reduce((sum, text) => sum + Number(text), 0);
  return { identity: `${fields[19]} ${stat.slice(stat.indexOf('('), end)}`, ticks };
}

/** The first number of a line of /proc/<pid>/status. */
function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}

// A process that ended while we looked, or one of another user.
function read(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}
