import { isSecret, Settings } from '@aaas/contract/settings';
import { StartupError } from '../start/startup-error.ts';
import { findMisspelt, type MisspeltName } from './misspelt-names.ts';
import { readLayers, readNames } from './read-layers.ts';
import { type ResolvedSettings, resolveSettings, type SettingLayer } from './resolve-settings.ts';

/** The settings a process starts with, and the layers they come from. */
export interface LoadedSettings {
  settings: Settings;
  layers: SettingLayer[];
  /** Variables beside them that look like a setting and are none. */
  misspelt: MisspeltName[];
}

/** @throws StartupError one line that names the first bad setting, what is wrong and what would be right. */
export function loadSettings(environment: NodeJS.ProcessEnv): LoadedSettings {
  const layers = readLayers(environment);
  const resolved = resolveSettings(layers);
  const { settings } = resolved;
  if (!settings) throw new StartupError(firstProblem(resolved));
  return { settings, layers, misspelt: findMisspelt(readNames(environment)) };
}

function firstProblem({ problems: [first], given }: ResolvedSettings): string {
  if (!first) return 'Bad settings.';
  const got =
    isSecret(first.name) || given[first.name] === undefined ? '' : `, got ${JSON.stringify(given[first.name])}`;
  return `Bad setting ${first.name}: ${first.message}${got}. ${Settings.shape[first.name].description ?? ''}`.trim();
}
