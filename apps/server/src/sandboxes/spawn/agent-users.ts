import { spawnSync } from 'node:child_process';
import { StartupError } from '../../start/startup-error.ts';

export interface AgentUsers {
  /** Agents run as uids from here on; null: as the server's own user. */
  uidBase: number | null;
  isolation: 'user' | 'process';
  warning: string | null;
}

/** Whether each agent can have a user of its own: only root can give it one, and only where such uids exist. */
export function agentUsers(uidBase: number): AgentUsers {
  if (process.getuid?.() !== 0) {
    return { uidBase: null, isolation: 'process', warning: 'agents run as your own user: they can reach what you can; run as root to give each its own' };
  }
  const probe = spawnSync(process.execPath, ['--version'], { uid: uidBase, gid: uidBase, cwd: '/' });
  if (probe.error && (probe.error as NodeJS.ErrnoException).code === 'EINVAL') {
    // Never as root: better no server than that.
    throw new StartupError(`Bad setting AGENT_UID_BASE: uid ${uidBase} does not exist here. Set it to one from which on uids are free.`);
  }
  return { uidBase, isolation: 'user', warning: null };
}
