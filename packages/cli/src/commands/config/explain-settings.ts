import { isSecret, type SettingName, Settings } from '@aaas/contract/settings';
import { describeMisspelt, findMisspelt, type MisspeltName } from '@aaas/server/config/misspelt-names';
import { readLayers, readNames } from '@aaas/server/config/read-layers';
import { type ResolvedSettings, resolveSettings } from '@aaas/server/config/resolve-settings';
import { StartupError } from '@aaas/server/start/startup-error';
import { CliError } from '../../cli-error.ts';
import { EXIT } from '../../exit-codes.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { printJson } from '../../output/print-json.ts';
import { style } from '../../output/style.ts';
import { printTable } from '../../output/table.ts';

interface Explained extends ResolvedSettings {
  misspelt: MisspeltName[];
}

/** Explains each setting that a server started here would have. Fails when one is bad; a misspelt name is only said. */
export function explainSettings({ json }: GlobalOptions): void {
  const resolved = resolve();
  if (json) printJson(asJson(resolved));
  else print(resolved);
  if (resolved.problems.length > 0) process.exitCode = EXIT.failed;
}

function resolve(): Explained {
  try {
    const misspelt = findMisspelt(readNames(process.env));
    return { ...resolveSettings(readLayers(process.env)), misspelt };
  } catch (error) {
    if (error instanceof StartupError) throw new CliError(error.message, EXIT.failed);
    throw error;
  }
}

function names(): SettingName[] {
  return Object.keys(Settings.shape) as SettingName[];
}

function asJson({ sources, given, problems, misspelt }: Explained) {
  return {
    ok: problems.length === 0,
    problems,
    misspelt: misspelt.map(({ name, meant }) => ({ name, did_you_mean: meant })),
    settings: names().map((name) => ({
      name,
      value: shown(name, given) ?? null,
      source: sources[name],
      description: Settings.shape[name].description ?? '',
    })),
  };
}

function print(resolved: Explained): void {
  const { sources, given, problems, misspelt } = resolved;
  const rows = names().map((name) => [
    problems.some((problem) => problem.name === name) ? style('red', name) : name,
    shown(name, given) ?? '–',
    sources[name],
    Settings.shape[name].description ?? '',
  ]);
  printTable(['SETTING', 'VALUE', 'SOURCE', 'WHAT IT DOES'], rows);
  console.log('');
  for (const { name, message } of problems) console.log(style('red', `${name}: ${message}`));
  for (const one of misspelt) console.log(style('yellow', describeMisspelt(one)));
  if (problems.length === 0) console.log('Everything is in order. A running server may have live changes on top.');
}

/** The value as it will be; a bad one as it was given. */
function shown(name: SettingName, given: ResolvedSettings['given']): string | undefined {
  const value = given[name] ?? Settings.shape[name].safeParse(undefined).data;
  if (value === undefined) return undefined;
  return isSecret(name) ? '[set]' : String(value);
}
