import { readFile } from 'node:fs/promises';
import { membersOf } from './cgroup-files.ts';

/**
 * Tells whether a process came of whoever started this server in its group: the server, those above it in the same
 * group (a package manager, an init), and whatever descends from them.
 */
export function isFamily(own: string): (pid: number) => Promise<boolean> {
  return async (pid) => {
    const members = new Set(await membersOf(own));
    const elders = new Set((await ancestry(process.pid)).filter((elder) => members.has(elder)));
    return (await ancestry(pid)).some((elder) => elders.has(elder));
  };
}

/** A process and those above it, itself first. */
async function ancestry(pid: number): Promise<number[]> {
  const line: number[] = [];
  for (let at = pid; at > 0; at = await parentOf(at)) line.push(at);
  return line;
}

async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}
