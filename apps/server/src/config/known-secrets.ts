import { SECRET_SETTINGS, type Settings } from '@aaas/contract/settings';
import { secretsOf } from '../gateway/upstreams/secrets.ts';
import { configuredUpstreams } from './configured-upstreams.ts';

// Part of a list that is shorter than this would be found in innocent text.
const LONG_CHARS = 16;

/**
 * The secrets that the settings hold or name, for the log to hide: also each of a list with commas, the password of an
 * address, and the keys of upstreams, wherever they come from.
 * @throws StartupError as configuredUpstreams does.
 */
export function knownSecrets(settings: Settings, environment: NodeJS.ProcessEnv): string[] {
  const values = SECRET_SETTINGS.map((name) => settings[name]).filter((value) => typeof value === 'string');
  const { upstreams } = configuredUpstreams(settings, environment);
  return [
    ...values.flatMap((value) => [value, ...value.split(',').filter(isLong), ...passwordOf(value)]),
    ...upstreams.flatMap((upstream) => ('baseUrl' in upstream ? secretsOf(upstream) : [])),
  ];
}

function isLong(value: string): boolean {
  return value.trim().length >= LONG_CHARS;
}

function passwordOf(value: string): string[] {
  if (!URL.canParse(value)) return [];
  const { password } = new URL(value);
  if (password === '') return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
