import { readFileSync } from 'node:fs';
import { SECRET_SETTINGS, type SettingName, Settings } from '@aaas/contract/settings';
import { StartupError } from '../start/startup-error.ts';

/**
 * The settings from the environment; an empty variable counts as absent.
 * @throws StartupError one line that names the first bad setting, what is wrong and what would be right.
 */
export function loadSettings(environment: NodeJS.ProcessEnv): Settings {
  const given: Record<string, string> = {};
  for (const name of Object.keys(Settings.shape) as SettingName[]) {
    const value = environment[name] || secretFromFile(name, environment);
    if (value) given[name] = value;
  }
  const parsed = Settings.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = String(issue?.path[0]) as SettingName;
    const got = isSecret(name) ? '' : `, got ${JSON.stringify(given[name])}`;
    throw new StartupError(
      `Bad setting ${name}: ${issue?.message}${got}. ${Settings.shape[name].description ?? ''}`.trim(),
    );
  }
  refuseUnsafe(parsed.data);
  return parsed.data;
}

function isSecret(name: SettingName): boolean {
  return (SECRET_SETTINGS as readonly string[]).includes(name);
}

function secretFromFile(name: SettingName, environment: NodeJS.ProcessEnv): string | undefined {
  const path = environment[`${name}_FILE`];
  if (!path || !isSecret(name)) return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new StartupError(
      `Bad setting ${name}_FILE: ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
}

function refuseUnsafe(settings: Settings): void {
  if (!settings.REQUIRE_API_KEY && settings.ENVIRONMENT !== 'development') {
    throw new StartupError('Bad setting REQUIRE_API_KEY: false is allowed only with ENVIRONMENT=development.');
  }
}
