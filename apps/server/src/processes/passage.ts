import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { firstUntraversable } from './first-untraversable.ts';

export interface User {
  uid: number;
  gid: number;
}

/** How to spawn a program as another user. */
export interface Spawn {
  command: string;
  args: string[];
  /** To be given to spawn; empty when the command itself steps down. */
  user: Partial<User>;
}

// $1 uid, $2 gid, $3 working directory, $4 directories to cover, $5 directories to keep, then the program.
// What is covered is held open, and what is kept of it is mounted back at its own path: the program sees that path and
// nothing else. mount must not look up what the descriptor is called: that name already leads to the cover.
const SCRIPT = `
set -ef
uid=$1 gid=$2 cwd=$3 covered=$4 kept=$5; shift 5
IFS='
'
n=5
for top in $covered; do eval "exec $n<\\"\\$top\\""; n=$((n + 1)); done
for top in $covered; do mount -t tmpfs -o mode=0711,size=1m aaas "$top"; done
n=5
for top in $covered; do
  for dir in $kept; do
    case $dir/ in
      "$top"/*) mkdir -p "$dir"; mount --no-canonicalize --bind "/proc/self/fd/$n\${dir#"$top"}" "$dir" ;;
    esac
  done
  eval "exec $n<&-"; n=$((n + 1))
done
unset IFS
cd "$cwd"
exec setpriv --reuid "$uid" --regid "$gid" --clear-groups -- "$@"
`;

/**
 * Spawns a program as `user` although some of the directories that it needs lie below one that is closed to others,
 * as in a checkout under /root. Root alone can do this: in a mount namespace of the program's own those directories
 * are made reachable at their own paths.
 * @param needs directories that the program must reach. They may lie below five closed ones at most: the shell has no
 * more descriptors, and 3 and 4 are the program's.
 */
export function spawnAs(
  user: User | null,
  program: { command: string; args: string[]; cwd: string },
  needs: string[],
): Spawn {
  const { command, args, cwd } = program;
  if (!user) return { command, args, user: {} };
  const closed = needs.map((path) => firstUntraversable(path, user.uid, user.gid));
  const covered = topmost(closed.filter((path) => path !== null));
  if (covered.length === 0) return { command, args, user };
  const kept = needs.map((path) => realpathSync(path)).filter((path) => covered.some((top) => isWithin(path, top)));
  return {
    command: 'unshare',
    args: [
      ...['--mount', '--propagation', 'private', 'sh', '-c', SCRIPT, 'sh'],
      ...[String(user.uid), String(user.gid), cwd, covered.join('\n'), topmost(kept).join('\n'), command, ...args],
    ],
    user: {},
  };
}

/** Whether this process may make the mount namespace that `spawnAs` needs for closed directories. */
export function canMakePassage(): boolean {
  return (
    spawnSync('unshare', ['--mount', '--propagation', 'private', 'setpriv', '--clear-groups', 'true']).status === 0
  );
}

/** Without those that lie within another. */
function topmost(paths: string[]): string[] {
  const all = [...new Set(paths)];
  return all.filter((path) => !all.some((other) => other !== path && isWithin(path, other)));
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}
