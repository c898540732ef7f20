import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { isSecret, type SettingName, Settings } from '@aaas/contract/settings';
import { StartupError } from '../start/startup-error.ts';
import type { SettingLayer } from './resolve-settings.ts';

const NAMES = Object.keys(Settings.shape) as SettingName[];

/**
 * What the process was given: its environment, the files that `<NAME>_FILE` names, and below them the file `.env` of
 * the working directory (AAAS_ENV_FILE names another).
 * @throws StartupError a file that was named cannot be read.
 */
export function readLayers(environment: NodeJS.ProcessEnv): SettingLayer[] {
  const dotenv = readDotenv(environment.AAAS_ENV_FILE);
  return [
    { source: 'environment', values: pick(environment) },
    { source: 'file', values: readSecretFiles(environment) },
    { source: '.env', values: { ...readSecretFiles(dotenv), ...pick(dotenv) } },
  ];
}

/** The names of all variables that the process was given, settings or not. @throws as `readLayers` does */
export function readNames(environment: NodeJS.ProcessEnv): string[] {
  return [...Object.keys(environment), ...Object.keys(readDotenv(environment.AAAS_ENV_FILE))];
}

function pick(variables: NodeJS.Dict<string>): SettingLayer['values'] {
  const values: SettingLayer['values'] = {};
  for (const name of NAMES) {
    const value = variables[name];
    if (value) values[name] = value;
  }
  return values;
}

function readSecretFiles(variables: NodeJS.Dict<string>): SettingLayer['values'] {
  const values: SettingLayer['values'] = {};
  for (const name of NAMES.filter(isSecret)) {
    const path = variables[`${name}_FILE`];
    if (path) values[name] = readNamed(path, `${name}_FILE`).trim();
  }
  return values;
}

function readDotenv(named: string | undefined): NodeJS.Dict<string> {
  if (named) return parseEnv(readNamed(named, 'AAAS_ENV_FILE'));
  try {
    return parseEnv(readFileSync('.env', 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new StartupError(`The file .env cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function readNamed(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartupError(`Bad setting ${name}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
