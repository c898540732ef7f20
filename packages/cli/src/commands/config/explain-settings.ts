import { isSecret, type SettingName, Settings } from '@aaas/contract/settings';
import { readLayers } from '@aaas/server/config/read-layers';
import { type ResolvedSettings, resolveSettings } from '@aaas/server/config/resolve-settings';
import { StartupError } from '@aaas/server/start/startup-error';
import { CliError } from '../../cli-error.ts';
import { EXIT } from '../../exit-codes.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { printJson } from '../../output/print-json.ts';
import { style } from '../../output/style.ts';
import { printTable } from '../../output/table.ts';

/** Explains each setting that a server started here would have. Fails when one is bad. */
export function explainSettings({ json }: GlobalOptions): void {
  const resolved = resolve();
  if (json) printJson(asJson(resolved));
  else print(resolved);
  if (resolved.problems.length > 0) process.exitCode = EXIT.failed;
}

function resolve(): ResolvedSettings {
  try {
    return resolveSettings(readLayers(process.env));
  } catch (error) {
    if (error instanceof StartupError) throw new CliError(error.message, EXIT.failed);
    throw error;
  }
}

function names(): SettingName[] {
  return Object.keys(Settings.shape) as SettingName[];
}

function asJson({ sources, given, problems }: ResolvedSettings) {
  return {
    ok: problems.length === 0,
    problems,
    settings: names().map((name) => ({
      name,
      value: shown(name, given) ?? null,
      source: sources[name],
      description: Settings.shape[name].description ?? '',
    })),
  };
}

function print(resolved: ResolvedSettings): void {
  const { sources, given, problems } = resolved;
  const rows = names().map((name) => [
    problems.some((problem) => problem.name === name) ? style('red', name) : name,
    shown(name, given) ?? '–',
    sources[name],
    Settings.shape[name].description ?? '',
  ]);
  printTable(['SETTING', 'VALUE', 'SOURCE', 'WHAT IT DOES'], rows);
  console.log('');
  for (const { name, message } of problems) console.log(style('red', `${name}: ${message}`));
  if (problems.length === 0) console.log('Everything is in order. A running server may have live changes on top.');
}

/** The value as it will be; a bad one as it was given. */
function shown(name: SettingName, given: ResolvedSettings['given']): string | undefined {
  const value = given[name] ?? Settings.shape[name].safeParse(undefined).data;
  if (value === undefined) return undefined;
  return isSecret(name) ? '[set]' : String(value);
}
