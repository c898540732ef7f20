import { PROFILES, type SettingName, Settings } from '@aaas/contract/settings';
import { isProxy, trustedProxies } from './trusted-proxies.ts';

/** Where the value of a setting comes from, the strongest first. */
export type SettingSource = 'live' | 'environment' | 'file' | '.env' | 'profile' | 'default' | 'unset';

/** Values as text, by where they stand. A name that is absent or empty is not set there. */
export interface SettingLayer {
  source: Exclude<SettingSource, 'profile' | 'default' | 'unset'>;
  values: Partial<Record<SettingName, string>>;
}

export interface SettingProblem {
  name: SettingName;
  message: string;
}

export interface ResolvedSettings {
  /** Null when there is a problem. */
  settings: Settings | null;
  /** Of every setting, also when others are bad. */
  sources: Record<SettingName, SettingSource>;
  /** What was given, as text, before defaults. */
  given: Partial<Record<SettingName, string>>;
  problems: SettingProblem[];
}

const NAMES = Object.keys(Settings.shape) as SettingName[];

/** Puts the layers over the profile of the environment and the defaults, and checks the whole. The first layer wins. */
export function resolveSettings(layers: SettingLayer[]): ResolvedSettings {
  const given: Partial<Record<SettingName, string>> = {};
  const sources = {} as Record<SettingName, SettingSource>;
  for (const name of NAMES) {
    const layer = layers.find(({ values }) => values[name]);
    given[name] = layer?.values[name] ?? '';
    sources[name] = layer?.source ?? 'unset';
  }
  const environment = Settings.shape.ENVIRONMENT.safeParse(given.ENVIRONMENT || undefined);
  const profile = environment.success ? PROFILES[environment.data] : {};
  for (const name of NAMES) {
    if (given[name]) continue;
    delete given[name];
    const preset = profile[name];
    if (preset !== undefined) given[name] = preset;
    sources[name] = preset === undefined ? unsetSource(name) : 'profile';
  }
  const parsed = Settings.safeParse(given);
  const problems = parsed.success
    ? crossProblems(parsed.data)
    : parsed.error.issues.map(({ path: [name, ...within], message }) => ({
        name: name as SettingName,
        message: `${pathIn(within)}${message}`,
      }));
  return { settings: parsed.success && problems.length === 0 ? parsed.data : null, sources, given, problems };
}

/** Where in a setting that is a list: `[1].base_url: `. */
function pathIn(keys: PropertyKey[]): string {
  const path = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return path === '' ? '' : `${path}: `;
}

function unsetSource(name: SettingName): SettingSource {
  return Settings.shape[name].safeParse(undefined).data === undefined ? 'unset' : 'default';
}

/** What is wrong between settings that are right by themselves. */
function crossProblems(settings: Settings): SettingProblem[] {
  const problems: SettingProblem[] = [];
  if (!settings.REQUIRE_API_KEY && settings.ENVIRONMENT !== 'development') {
    problems.push({ name: 'REQUIRE_API_KEY', message: 'false is allowed only with ENVIRONMENT=development' });
  }
  if (settings.ENVIRONMENT === 'production' && /\*/.test(settings.ALLOWED_ORIGINS)) {
    problems.push({ name: 'ALLOWED_ORIGINS', message: '* is refused with ENVIRONMENT=production; name the origins' });
  }
  if (settings.LEASE_MARGIN >= settings.LEASE_TTL) {
    problems.push({ name: 'LEASE_MARGIN', message: `must be less than LEASE_TTL (${settings.LEASE_TTL})` });
  }
  problems.push(...scalingProblems(settings));
  if ((settings.AWS_ACCESS_KEY_ID === undefined) !== (settings.AWS_SECRET_ACCESS_KEY === undefined)) {
    const name = settings.AWS_ACCESS_KEY_ID === undefined ? 'AWS_ACCESS_KEY_ID' : 'AWS_SECRET_ACCESS_KEY';
    problems.push({ name, message: 'is missing beside the other one of the two' });
  }
  const stranger = trustedProxies(settings).find((proxy) => !isProxy(proxy));
  if (stranger !== undefined) {
    problems.push({
      name: 'TRUST_PROXY',
      message: `${stranger} is neither an address nor a network such as 10.0.0.0/8`,
    });
  }
  return problems;
}

function scalingProblems(settings: Settings): SettingProblem[] {
  const { MIN_NODES, MAX_NODES, SCALE_UP_THRESHOLD: up, SCALE_DOWN_THRESHOLD: down } = settings;
  const { SCALE_WINDOW_SECONDS: window, SCALE_LOOP_SECONDS: loop } = settings;
  return [
    ...(MIN_NODES > MAX_NODES
      ? [{ name: 'MIN_NODES' as const, message: `must be no more than MAX_NODES (${MAX_NODES})` }]
      : []),
    ...(down >= up
      ? [{ name: 'SCALE_DOWN_THRESHOLD' as const, message: `must be less than SCALE_UP_THRESHOLD (${up})` }]
      : []),
    ...(window < loop
      ? [{ name: 'SCALE_WINDOW_SECONDS' as const, message: `must be no less than SCALE_LOOP_SECONDS (${loop})` }]
      : []),
  ];
}
