import { join } from 'node:path';
import type { LimitsDriver } from '../limits.ts';
import { fileSizeLimit } from '../self-limits.ts';
import { childrenOf, makeGroup, membersOf, readText, removeGroup, write } from './cgroup-files.ts';
import { V2Group } from './v2-group.ts';

const CONTROLLERS = ['memory', 'pids', 'cpu'];
/** The leaf into which the server steps aside. */
export const SERVER_LEAF = 'aaas-server';
const MOVE_ROUNDS_MAX = 10;
const AGENTS_WEIGHT = 100;
const SERVER_WEIGHT = 300;

export interface V2Place {
  /** The group that this process is in; it must be ours to divide. */
  own: string;
  /** Name of the inner group that holds the sandboxes of this node. */
  node: string;
  /** Whether a process may be moved together with the server. */
  isFamily(pid: number): Promise<boolean>;
}

/**
 * Control groups of version 2. A group that hands controllers to its children holds no processes itself, so the
 * server and whoever shares its group move into a leaf beside those of the sandboxes; strangers are never moved.
 * @throws when the group is not ours to divide.
 */
export async function openV2Driver({ own, node, isFamily }: V2Place): Promise<LimitsDriver> {
  const given = (await readText(own, 'cgroup.controllers')).trim().split(/\s+/);
  const missing = CONTROLLERS.filter((name) => !given.includes(name));
  if (missing.length > 0) throw new Error(`${own} has no controllers ${missing.join(', ')}`);
  await divide(own, isFamily);
  const base = join(own, node);
  await makeGroup(base);
  await handDown(base);
  await write(base, 'cpu.weight', AGENTS_WEIGHT);
  const group = (id: string): V2Group => new V2Group(join(base, id));
  return {
    enforcement: { memory: 'cgroup-v2', pids: 'cgroup-v2', cpu: 'cgroup-v2', disk: 'watch' },
    selfLimits: (limits) => [fileSizeLimit(limits)],
    refresh: async () => {},
    create: async ({ id }, limits) => {
      const made = group(id);
      await made.make(limits);
      return made;
    },
    removeLeftovers: async () => {
      const names = await childrenOf(base);
      for (const name of names) {
        await group(name).kill();
        await group(name).close();
      }
      return names.length;
    },
    close: () => removeGroup(base),
  };
}

async function handDown(directory: string): Promise<void> {
  await write(directory, 'cgroup.subtree_control', CONTROLLERS.map((name) => `+${name}`).join(' '));
}

async function divide(own: string, isFamily: (pid: number) => Promise<boolean>): Promise<void> {
  // The root of the machine alone has no type, and may have both processes and children.
  if ((await readText(own, 'cgroup.type').catch(() => null)) === null) return handDown(own);
  const leaf = join(own, SERVER_LEAF);
  // Who is born while the others move is moved in the next round.
  for (let round = 0; round < MOVE_ROUNDS_MAX; round++) {
    const members = await membersOf(own);
    if (members.length === 0) break;
    for (const pid of members) {
      if (!(await isFamily(pid))) throw new Error(`${own} is not delegated: process ${pid} of somebody else is in it`);
    }
    await makeGroup(leaf);
    for (const pid of members) await write(leaf, 'cgroup.procs', pid).catch(gone);
  }
  await handDown(own);
  // Born in the leaf of an earlier life, or of another server in this group.
  await write(leaf, 'cpu.weight', SERVER_WEIGHT).catch(() => {});
}

function gone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ESRCH') throw error;
}
