import type { Role } from '@aaas/contract/roles';
import type { SettingName, Settings } from '@aaas/contract/settings';
import { StartupError } from './startup-error.ts';

const PROVIDER_KEYS: readonly SettingName[] = ['ANTHROPIC_API_KEY', 'UPSTREAMS'];

/**
 * Refuses roles that this node cannot have, and a worker that has been handed what must not lie near agents: whoever
 * breaks out of a sandbox finds no key of a provider, and none that administers the platform.
 * @throws StartupError
 */
export function requireRolesAllowed(roles: readonly Role[], settings: Settings): void {
  const named = roles.join(',');
  if (roles.length < 3 && !settings.DATABASE_URL) {
    throw new StartupError(
      `ROLES=${named} needs DATABASE_URL: the embedded database serves one process, which must do everything (ROLES=all).`,
    );
  }
  if (!roles.includes('worker')) return;
  const found = [
    ...(roles.includes('gateway') ? [] : PROVIDER_KEYS),
    ...(roles.includes('api') ? [] : (['API_KEY'] as const)),
  ].find((name) => settings[name] !== undefined);
  if (!found) return;
  const belongs = found === 'API_KEY' ? 'api' : 'gateway';
  throw new StartupError(
    `${found} is set on a node with ROLES=${named}: it does not belong where agents run without the role ${belongs}. Unset it here, also in .env.`,
  );
}
