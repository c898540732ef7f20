import { readdir, readFile } from 'node:fs/promises';
import { SANDBOX_MARKER } from '../../reaper/sandbox-marker.ts';

/** A living process as /proc shows it. */
export interface TableEntry {
  pid: number;
  parent: number;
  /** Tells it from another one that was given the same pid. */
  startTime: string;
  threads: number;
  /** Memory that goes away with it: shared libraries and programs do not count. */
  memoryBytes: number;
  cpuMicros: number;
  uid: number;
  marker: string;
}

const TICK_MICROS = 10_000;
const KIB = 1024;

/** All processes of the machine, read once for everybody who asks. */
export class ProcessTable {
  #entries: TableEntry[] = [];
  /**
   * Markers of processes seen before: an environment is long. Who has none is looked at twice: a process that becomes
   * another program has none for a moment.
   */
  #markers = new Map<string, { marker: string; looks: number }>();

  async refresh(): Promise<void> {
    const names = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
    const read = await Promise.all(names.map((name) => this.#read(Number(name))));
    this.#entries = read.filter((entry) => entry !== null);
    const known = this.#markers;
    this.#markers = new Map(
      this.#entries.map((entry) => {
        const looks = (known.get(keyOf(entry))?.looks ?? 0) + 1;
        return [keyOf(entry), { marker: entry.marker, looks }];
      }),
    );
  }

  /** Those with the marker, those of the user, and whoever descends from one of them. */
  tree(marker: string, uid: number | null): TableEntry[] {
    const own = new Set<number>();
    // A parent may stand behind its child: go on until nobody is found.
    for (let before = -1; before !== own.size; ) {
      before = own.size;
      for (const entry of this.#entries) {
        if (entry.marker === marker || entry.uid === uid || own.has(entry.parent)) own.add(entry.pid);
      }
    }
    own.delete(process.pid);
    return this.#entries.filter((entry) => own.has(entry.pid));
  }

  async #read(pid: number): Promise<TableEntry | null> {
    const [stat, status] = await Promise.all(
      ['stat', 'status'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '')),
    );
    const fields = (stat ?? '').slice((stat ?? '').lastIndexOf(')') + 2).split(' ');
    const [state = 'X', parent, ...rest] = fields;
    if ('ZX'.includes(state) || !status) return null;
    const startTime = rest[17] ?? '';
    const known = this.#markers.get(keyOf({ pid, startTime }));
    const marker = known && (known.marker !== '' || known.looks > 1) ? known.marker : await markerOf(pid);
    return {
      pid,
      parent: Number(parent),
      startTime,
      threads: Number(rest[15] ?? 1),
      memoryBytes: (figure(status, 'RssAnon') + figure(status, 'RssShmem')) * KIB,
      cpuMicros: (Number(rest[9] ?? 0) + Number(rest[10] ?? 0)) * TICK_MICROS,
      uid: figure(status, 'Uid'),
      marker,
    };
  }
}

function keyOf({ pid, startTime }: Pick<TableEntry, 'pid' | 'startTime'>): string {
  return `${pid}/${startTime}`;
}

function figure(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}

async function markerOf(pid: number): Promise<string> {
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  const start = `\0${environment}`.indexOf(`\0${SANDBOX_MARKER}=`);
  if (start === -1) return '';
  return environment.slice(start + SANDBOX_MARKER.length + 1).split('\0', 1)[0] ?? '';
}
