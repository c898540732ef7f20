import { SECRET_SETTINGS, type Settings } from '@aaas/contract/settings';

/** The secrets that the settings hold, for the log to hide; of an address also its password alone. */
export function knownSecrets(settings: Settings): string[] {
  const values = SECRET_SETTINGS.flatMap((name) => settings[name] ?? []);
  return values.flatMap((value) => [value, ...passwordOf(value)]);
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
