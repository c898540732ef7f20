import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { LimitsEnforcement } from '@aaas/contract/limits';
import type { Settings } from '@aaas/contract/settings';
import type { Logger } from 'pino';
import type { SandboxName } from '../reaper/sandbox-marker.ts';
import type { LimitEvent } from './breach.ts';
import { chooseDriver } from './choose-driver.ts';
import { effectiveLimits } from './effective-limits.ts';
import { Enclosure } from './enclosure.ts';
import { DiskWatch } from './monitor/disk-watch.ts';
import { LimitsMonitor } from './monitor/limits-monitor.ts';

/** Holds the sandboxes of this node to their limits. */
export interface SandboxLimits {
  readonly enforcement: LimitsEnforcement;
  /** Why limits are only watched here; null when the kernel holds them. */
  readonly weakness: string | null;
  /** The sandboxes that are not closed. */
  readonly enclosures: ReadonlySet<Enclosure>;
  /** Makes the enclosure of a sandbox that is about to be spawned. Whoever gets it closes it. */
  create(options: {
    name: SandboxName;
    /** The user that this sandbox alone runs as; null: the server's own. */
    uid: number | null;
    definition: AgentDefinition;
    directory: string;
    tell(event: LimitEvent): void;
  }): Promise<Enclosure>;
  close(): Promise<void>;
}

export interface LimitsOptions {
  settings: Settings;
  nodeId: string;
  dataDir: string;
  /** Whether each agent is a user of its own. */
  ownUsers: boolean;
  log: Logger;
  /** Counts what reached a limit. */
  count(event: LimitEvent): void;
}

/** Chooses how limits are held here, and ends what earlier lives of this node have left. @throws StartupError */
export async function openLimits(options: LimitsOptions): Promise<SandboxLimits> {
  const { settings, nodeId, log } = options;
  const { driver, weakness } = await chooseDriver(settings.LIMITS_ENFORCEMENT, nodeId, options.ownUsers);
  const left = await driver.removeLeftovers();
  if (left > 0) log.warn({ groups: left }, 'removed control groups of an earlier life of this node');
  const enclosures = new Set<Enclosure>();
  const bounds = {
    get cpuWindowMs() {
      return settings.CPU_QUOTA_AFTER * 1000;
    },
  };
  const monitor = new LimitsMonitor({ driver, enclosures, bounds, log });
  const disk = new DiskWatch({
    enclosures,
    dataDir: options.dataDir,
    everyMs: () => settings.DISK_CHECK_INTERVAL * 1000,
    log,
  });
  let made = 0;
  return {
    enforcement: driver.enforcement,
    weakness,
    enclosures,
    create: async ({ name, uid, definition, directory, tell }) => {
      const limits = effectiveLimits(definition, settings);
      const id = `${name.node.incarnation}.${name.sessionId}.${name.generation}.${++made}`;
      const group = await driver.create({ id, uid }, limits);
      const enclosure = new Enclosure({
        id,
        sessionId: name.sessionId,
        group,
        killsCounted: driver.enforcement.memory !== 'watch',
        limits,
        selfLimits: driver.selfLimits(limits, uid),
        directory,
        tell: (event) => {
          log.warn({ session_id: name.sessionId, ...event }, 'sandbox reached a limit');
          options.count(event);
          tell(event);
        },
        onClosed: (closed) => enclosures.delete(closed),
      });
      enclosures.add(enclosure);
      return enclosure;
    },
    close: async () => {
      await Promise.all([monitor.close(), disk.close()]);
      for (const enclosure of [...enclosures]) await enclosure.close();
      await driver.close();
    },
  };
}
