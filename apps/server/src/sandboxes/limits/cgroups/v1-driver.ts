import { join } from 'node:path';
import type { LimitsDriver } from '../limits.ts';
import { fileSizeLimit } from '../self-limits.ts';
import { childrenOf, makeGroup, removeGroup, write } from './cgroup-files.ts';
import type { Hierarchy } from './own-cgroups.ts';
import { V1Group } from './v1-group.ts';

const CONTROLLERS = ['memory', 'pids', 'cpu', 'cpuacct', 'freezer'] as const;

/** A directory for each controller; some controllers may share one. */
export type V1Places = Record<(typeof CONTROLLERS)[number], string>;

/** The places below the groups that this process is in. Null: a controller is missing. */
export function v1Places(hierarchies: Hierarchy[], node: string): V1Places | null {
  const places = CONTROLLERS.map((name): [string, string | null] => {
    const found = hierarchies.find(({ controllers }) => controllers.includes(name));
    return [name, found ? join(found.own, node) : null];
  });
  return places.every(([, place]) => place !== null) ? (Object.fromEntries(places) as V1Places) : null;
}

/** Control groups of version 1. @throws when they cannot be made here. */
export async function openV1Driver(places: V1Places, cores: number): Promise<LimitsDriver> {
  const bases = [...new Set(Object.values(places))];
  for (const base of bases) await makeGroup(base);
  // The agents of a node weigh as much as `cores` threads of the server; without this, as one.
  await write(places.cpu, 'cpu.shares', 1024 * cores);
  const group = (id: string): V1Group =>
    new V1Group(Object.fromEntries(Object.entries(places).map(([name, base]) => [name, join(base, id)])) as V1Places);
  return {
    enforcement: { memory: 'cgroup-v1', pids: 'cgroup-v1', cpu: 'cgroup-v1', disk: 'watch' },
    selfLimits: (limits) => [fileSizeLimit(limits)],
    refresh: async () => {},
    create: async ({ id }, limits) => {
      const made = group(id);
      await made.make(limits);
      return made;
    },
    removeLeftovers: async () => {
      const names = new Set((await Promise.all(bases.map(childrenOf))).flat());
      for (const name of names) {
        await group(name).kill();
        await group(name).close();
      }
      return names.size;
    },
    close: async () => {
      for (const base of bases) await removeGroup(base);
    },
  };
}
