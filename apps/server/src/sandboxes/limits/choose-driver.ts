import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname } from 'node:path';
import { StartupError } from '../../start/startup-error.ts';
import { isFamily } from './cgroups/family.ts';
import { type Hierarchy, ownCgroups } from './cgroups/own-cgroups.ts';
import { openV1Driver, v1Places } from './cgroups/v1-driver.ts';
import { openV2Driver, SERVER_LEAF } from './cgroups/v2-driver.ts';
import type { LimitsDriver } from './limits.ts';
import { proveDriver } from './prove-driver.ts';
import { openWatchDriver } from './watch/watch-driver.ts';

export interface Choice {
  driver: LimitsDriver;
  /** Why it is not the strongest kind; null when it is. */
  weakness: string | null;
}

/**
 * The strongest way to hold sandboxes to their limits that works here, each proved with a process before it is taken.
 * @param wanted `cgroup`: nothing weaker will do; `watch`: as if there were no control groups.
 * @param nodeId names the groups, so that nobody touches those of another server.
 * @throws StartupError when `cgroup` is wanted and cannot be had.
 */
export async function chooseDriver(
  wanted: 'auto' | 'cgroup' | 'watch',
  nodeId: string,
  ownUsers: boolean,
): Promise<Choice> {
  const watch = openWatchDriver(ownUsers);
  if (wanted === 'watch') return { driver: watch, weakness: 'LIMITS_ENFORCEMENT is watch' };
  const reasons: string[] = [];
  for (const open of [openV2, openV1]) {
    try {
      const driver = await open(await hierarchies(), `aaas-${nodeId}`);
      await proveDriver(driver);
      return { driver, weakness: null };
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  if (wanted === 'cgroup') {
    throw new StartupError(
      `LIMITS_ENFORCEMENT is cgroup, but no control group can be made here (${reasons.join('; ')}). See docs/resource-limits.md.`,
    );
  }
  return { driver: watch, weakness: reasons.join('; ') };
}

async function hierarchies(): Promise<Hierarchy[]> {
  const read = (file: string) => readFile(`/proc/self/${file}`, 'utf8').catch(() => '');
  return ownCgroups(await read('mountinfo'), await read('cgroup'));
}

async function openV2(all: Hierarchy[], node: string): Promise<LimitsDriver> {
  const unified = all.find(({ controllers }) => controllers.length === 0);
  if (!unified) throw new Error('version 2: not mounted');
  // The server has stepped aside before: this life of it was born there.
  const own = basename(unified.own) === SERVER_LEAF ? dirname(unified.own) : unified.own;
  if (/^session-.*\.scope$/.test(basename(own))) {
    throw new Error(`version 2: ${own} belongs to a login; start the server by systemd-run --scope -p Delegate=yes`);
  }
  return openV2Driver({ own, node, isFamily: isFamily(own) });
}

async function openV1(all: Hierarchy[], node: string): Promise<LimitsDriver> {
  const places = v1Places(all, node);
  if (!places) throw new Error('version 1: a controller is missing');
  return openV1Driver(places, availableParallelism());
}
