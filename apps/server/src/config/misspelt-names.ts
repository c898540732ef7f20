import { isSecret, type SettingName, Settings } from '@aaas/contract/settings';
import { editDistance } from './edit-distance.ts';

/** A variable that looks like a setting and is none. */
export interface MisspeltName {
  name: string;
  /** The setting that it may have been meant for; null: none is near. */
  meant: string | null;
}

const SETTINGS = Object.keys(Settings.shape) as SettingName[];
const NAMES = [...SETTINGS, ...SETTINGS.filter(isSecret).map((name) => `${name}_FILE`)];
const PREFIX = 'AAAS_';
/** What the platform reads besides its settings, and what the compose file does. */
const KNOWN = new Set([
  ...NAMES,
  ...['AAAS_ENV_FILE', 'AAAS_URL', 'AAAS_API_KEY', 'AAAS_SANDBOX'],
  ...['AAAS_IMAGE', 'AAAS_ADDRESS', 'AAAS_PORT', 'AAAS_CPUS', 'AAAS_MEMORY'],
]);
/** Kubernetes gives every container such variables for a service by the name of aaas, or one that begins with it. */
const OF_KUBERNETES = /^AAAS_(\w+_)?(SERVICE_(HOST|PORT)|PORT$|PORT_\d+_(TCP|UDP))/;

/** Finds variables that somebody has probably meant for a setting. */
export function findMisspelt(variables: Iterable<string>): MisspeltName[] {
  const found: MisspeltName[] = [];
  for (const name of new Set(variables)) {
    if (KNOWN.has(name) || OF_KUBERNETES.test(name)) continue;
    const ours = name.startsWith(PREFIX);
    const meant = nearest(ours ? name.slice(PREFIX.length) : name);
    if (ours || meant !== null) found.push({ name, meant });
  }
  return found;
}

export function describeMisspelt({ name, meant }: MisspeltName): string {
  return `${name} is no setting${meant === null ? '' : `: did you mean ${meant}?`}`;
}

function nearest(name: string): string | null {
  const upper = name.toUpperCase();
  const near = NAMES.map((setting) => ({ setting, distance: editDistance(upper, setting) }))
    .filter(({ setting, distance }) => distance <= toleratedIn(setting))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.setting ?? null;
}

/** Short names are near to too much: HOME to HOST, PGPORT to PORT. */
function toleratedIn(setting: string): number {
  if (setting.length >= 8) return 2;
  return setting.length > 4 ? 1 : 0;
}
