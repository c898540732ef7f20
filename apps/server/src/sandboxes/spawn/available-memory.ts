import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

// Between two starts it changes little, and both may ask.
const FRESH_MS = 200;
/** Above this a limit of cgroup v1 means that there is none. */
const NO_LIMIT = 2 ** 60;

/**
 * Bytes that programs here can still take: what the machine has left, or what the tightest memory limit above this
 * process leaves, whichever is less. Cached files count as free: they go when memory is needed.
 */
export function memoryReader(root = '/', now: () => number = () => performance.now()): () => number {
  let known = 0;
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (now() - readAt < FRESH_MS) return known;
    readAt = now();
    known = Math.min(ofMachine(root), ...limitsAbove(root));
    return known;
  };
}

function ofMachine(root: string): number {
  const found = /^MemAvailable:\s+(\d+) kB$/m.exec(read(join(root, 'proc/meminfo')));
  return found ? Number(found[1]) * 1024 : process.availableMemory();
}

/** What is left of each limit, from our own cgroup up to the outermost one that is visible. */
function limitsAbove(root: string): number[] {
  const groups = read(join(root, 'proc/self/cgroup'));
  const unified = /^0::(.*)$/m.exec(groups)?.[1];
  const legacy = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1];
  return [
    ...(unified === undefined ? [] : leftIn(join(root, 'sys/fs/cgroup'), unified, V2)),
    ...(legacy === undefined ? [] : leftIn(join(root, 'sys/fs/cgroup/memory'), legacy, V1)),
  ];
}

const V2 = { limit: 'memory.max', used: 'memory.current', cached: /^inactive_file (\d+)$/m };
const V1 = { limit: 'memory.limit_in_bytes', used: 'memory.usage_in_bytes', cached: /^total_inactive_file (\d+)$/m };

function leftIn(mount: string, path: string, files: typeof V2): number[] {
  const left: number[] = [];
  for (let group = path; ; group = dirname(group)) {
    const place = join(mount, group);
    const limit = Number.parseInt(read(join(place, files.limit)), 10);
    const used = Number.parseInt(read(join(place, files.used)), 10);
    if (limit < NO_LIMIT && used >= 0) {
      const cached = Number(files.cached.exec(read(join(place, 'memory.stat')))?.[1] ?? 0);
      left.push(Math.max(0, limit - Math.max(0, used - cached)));
    }
    if (group === '/' || group === '.' || group === '') return left;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
