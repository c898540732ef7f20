import { SECRET_SETTINGS, type Settings } from '@aaas/contract/settings';

const LONG_CHARS = 16;

/** The secrets that the settings hold, for the log to hide; of an address also its password alone. */
export function knownSecrets(settings: Settings): string[] {
  const values = SECRET_SETTINGS.flatMap((name) => secretsOf(settings[name]));
  return values.flatMap((value) => [value, ...passwordOf(value)]);
}

function secretsOf(value: Settings[(typeof SECRET_SETTINGS)[number]]): string[] {
  if (value === undefined) return [];
  // Several encryption keys stand with commas between them.
  if (typeof value === 'string') return [value, ...value.split(',').filter(isLong)];
  return value.flatMap((upstream) => [
    ...('api_key' in upstream && upstream.api_key !== undefined ? [upstream.api_key] : []),
    ...('headers' in upstream ? Object.values(upstream.headers ?? {}).filter(isLong) : []),
  ]);
}

// To hide every short word that also stands in a header would make the log unreadable.
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
