import { join } from 'node:path';

/** A hierarchy of control groups as this process sees it. */
export interface Hierarchy {
  /** Of version 1; empty for the unified hierarchy. */
  controllers: string[];
  /** The directory of the group that this process is in. */
  own: string;
}

/**
 * Where this process stands in each hierarchy, from `/proc/self/mountinfo` and `/proc/self/cgroup`. In a container the
 * mount shows only the part below the container's own group, while the path may be told from the root of the machine.
 */
export function ownCgroups(mountinfo: string, cgroup: string): Hierarchy[] {
  const mounts = mountinfo.split('\n').flatMap(parseMount);
  return cgroup.split('\n').flatMap((line): Hierarchy[] => {
    const [, id, names = '', path = ''] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (id === undefined) return [];
    const controllers = names === '' ? [] : names.split(',');
    const mount = mounts.find(({ type, options }) =>
      id === '0' ? type === 'cgroup2' : type === 'cgroup' && controllers.every((name) => options.includes(name)),
    );
    if (!mount) return [];
    return [{ controllers, own: join(mount.point, below(path, mount.root)) }];
  });
}

function below(path: string, root: string): string {
  if (root === '/') return path;
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : '';
}

function parseMount(line: string): { type: string; root: string; point: string; options: string[] }[] {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root = '', point = ''] = before.split(' ');
  const [type = '', , options = ''] = after.split(' ');
  return type === 'cgroup' || type === 'cgroup2' ? [{ type, root, point, options: options.split(',') }] : [];
}
