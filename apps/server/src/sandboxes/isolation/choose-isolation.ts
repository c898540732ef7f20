import { existsSync, realpathSync } from 'node:fs';
import type { IsolationLevel } from '@aaas/contract/isolation';
import type { Settings } from '@aaas/contract/settings';
import { firstUntraversable } from '../../processes/first-untraversable.ts';
import { StartupError } from '../../start/startup-error.ts';
import { firstAgentUid } from '../spawn/agent-users.ts';
import { type Bubblewrap, findBubblewrap } from './bubblewrap.ts';

/** How this node keeps its agents apart. */
export interface Isolation {
  level: IsolationLevel;
  /** Agents run as uids from here on; null: as the server's own user. */
  uidBase: number | null;
  /** Null below level `sandbox`. */
  bubblewrap: Bubblewrap | null;
  /** What the operator should know of it. */
  warnings: string[];
}

// As many as `spawnAs` can lead to beside what every sandbox needs.
const CLOSED_MAX = 2;

type IsolationSettings = Pick<Settings, 'ISOLATION' | 'AGENT_UID_BASE' | 'SANDBOX_PATHS'>;

/** The level that was asked for, or the strongest that works here. @throws StartupError when what was asked for does not. */
export function chooseIsolation(settings: IsolationSettings, nodeId: string, dataDir: string): Isolation {
  const asked = settings.ISOLATION;
  const uidBase = firstAgentUid(settings.AGENT_UID_BASE, nodeId, dataDir);
  if (asked === 'process' && uidBase !== null)
    throw refused(asked, 'agents would run as root. Start the server as a plain user, or set it to user or sandbox');
  if (asked === 'user' && uidBase === null)
    throw refused(
      asked,
      'only root can give each agent a user of its own. Start the server as root, or set it to sandbox',
    );
  if (asked === 'user' || asked === 'process') return without(asked, uidBase, []);

  const extra = extraPaths(settings.SANDBOX_PATHS, dataDir);
  const closed = extra.filter((path) => uidBase !== null && firstUntraversable(path, uidBase, uidBase) !== null);
  if (closed.length > CLOSED_MAX)
    throw new StartupError(
      `Bad setting SANDBOX_PATHS: agents may not enter ${closed.join(', ')}. At most ${CLOSED_MAX} of its paths may lie below directories that are closed to others; run chmod o+x on those.`,
    );
  const found = findBubblewrap(uidBase === null ? null : { uid: uidBase, gid: uidBase }, extra);
  if ('unavailable' in found) {
    if (asked === 'sandbox') throw refused(asked, `${found.unavailable}. See docs/isolation.md, or set it to auto`);
    return without(uidBase === null ? 'process' : 'user', uidBase, [`agents have no sandbox: ${found.unavailable}`]);
  }
  const warnings = found.nestingForbidden
    ? []
    : ['sandboxed agents can make user namespaces of their own: this bubblewrap or kernel cannot forbid it'];
  return { level: 'sandbox', uidBase, bubblewrap: found, warnings };
}

function without(level: 'user' | 'process', uidBase: number | null, warnings: string[]): Isolation {
  const shared =
    'agents run as your own user: they can reach what you can, and only one workspace is served; install bubblewrap, or run as root';
  return { level, uidBase, bubblewrap: null, warnings: [...warnings, ...(level === 'process' ? [shared] : [])] };
}

function refused(level: IsolationLevel, why: string): StartupError {
  return new StartupError(`ISOLATION=${level} is not available here: ${why}.`);
}

function extraPaths(list: string | undefined, dataDir: string): string[] {
  const paths = (list ?? '')
    .split(',')
    .map((path) => path.trim().replace(/\/+$/, ''))
    .filter((path) => path !== '');
  const data = realpathSync(dataDir);
  for (const path of paths) {
    if (!existsSync(path)) throw new StartupError(`Bad setting SANDBOX_PATHS: there is no ${path}.`);
    const real = realpathSync(path);
    if (`${data}/`.startsWith(`${real}/`) || `${real}/`.startsWith(`${data}/`))
      throw new StartupError(`Bad setting SANDBOX_PATHS: ${path} would show agents the data directory ${dataDir}.`);
  }
  return paths;
}
