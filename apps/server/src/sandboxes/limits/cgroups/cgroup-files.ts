import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const REMOVE_ROUNDS_MAX = 50;
const REMOVE_PAUSE_MS = 20;

export async function readText(directory: string, file: string): Promise<string> {
  return readFile(join(directory, file), 'utf8');
}

/** @returns null when there is no such file: older kernels lack some. */
export async function readNumber(directory: string, file: string): Promise<number | null> {
  const text = await readFile(join(directory, file), 'utf8').catch(() => null);
  return text === null ? null : Number(text);
}

/** A figure of a file with a name and a number on each line. */
export function figure(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

export async function write(directory: string, file: string, value: string | number): Promise<void> {
  await writeFile(join(directory, file), String(value));
}

export async function makeGroup(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
}

export async function membersOf(directory: string): Promise<number[]> {
  const text = await readText(directory, 'cgroup.procs');
  return text.split('\n').filter(Boolean).map(Number);
}

export async function childrenOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** Removes an empty group. A process that has just died keeps it busy for a moment. */
export async function removeGroup(directory: string): Promise<void> {
  for (let round = 1; ; round++) {
    try {
      await rmdir(directory);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || round === REMOVE_ROUNDS_MAX) throw error;
      await sleep(REMOVE_PAUSE_MS);
    }
  }
}
