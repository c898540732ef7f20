import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ownCgroups } from '../limits/cgroups/own-cgroups.ts';

/** What the directory begins with in which a node has the groups of its sandboxes. */
const NODE_GROUPS = 'aaas-';

/**
 * Lets processes die that were killed in a frozen control group of version 1: there a signal counts when they are
 * thawed. A driver freezes a group to end it, and whoever did so may itself be gone.
 */
export function thawGroups(pids: number[]): void {
  for (const directory of new Set(pids.flatMap(freezerOf))) {
    try {
      writeFileSync(join(directory, 'freezer.state'), 'THAWED');
    } catch {
      // Not ours to thaw, or gone.
    }
  }
}

function freezerOf(pid: number): string[] {
  try {
    const groups = ownCgroups(
      readFileSync('/proc/self/mountinfo', 'utf8'),
      readFileSync(`/proc/${pid}/cgroup`, 'utf8'),
    );
    const freezer = groups.find(({ controllers }) => controllers.includes('freezer'));
    return freezer && basename(dirname(freezer.own)).startsWith(NODE_GROUPS) ? [freezer.own] : [];
  } catch {
    return [];
  }
}
