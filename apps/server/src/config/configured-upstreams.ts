import { readFileSync } from 'node:fs';
import type { Settings } from '@aaas/contract/settings';
import type { UpstreamList } from '@aaas/contract/upstreams';
import type { Upstream } from '../gateway/upstreams/upstream.ts';
import { StartupError } from '../start/startup-error.ts';

type Entry = UpstreamList[number];
type RealEntry = Extract<Entry, { base_url: string }>;

/** The simulator as it is configured; it gets its address when it is started. */
type SimulatorEntry = Pick<Upstream, 'models' | 'maxConcurrency'>;

export interface ConfiguredUpstreams {
  upstreams: (Upstream | SimulatorEntry)[];
  /** What is configured and has no effect. */
  warnings: string[];
}

/**
 * The upstreams of UPSTREAMS, else the one of ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL, else the simulator.
 * @throws StartupError one line that names the field of a key that cannot be read.
 */
export function configuredUpstreams(
  settings: Pick<Settings, 'UPSTREAMS' | 'ANTHROPIC_API_KEY' | 'ANTHROPIC_BASE_URL'>,
  environment: NodeJS.ProcessEnv,
): ConfiguredUpstreams {
  const { UPSTREAMS: list, ANTHROPIC_API_KEY: apiKey = null, ANTHROPIC_BASE_URL: baseUrl } = settings;
  if (list) {
    // It may have come from a file, or from .env.
    const variables = { ...environment, ANTHROPIC_API_KEY: apiKey ?? undefined };
    const upstreams = list.map((entry, index) =>
      'base_url' in entry ? realUpstream(entry, `UPSTREAMS: [${index}]`, variables) : common(entry),
    );
    return { upstreams, warnings: warningsOf(list, settings) };
  }
  if (apiKey === null && baseUrl === undefined) return { upstreams: [{}], warnings: [] };
  const one = { name: 'anthropic', baseUrl: baseUrl ?? 'https://api.anthropic.com', apiKey, simulated: false };
  return { upstreams: [one], warnings: [] };
}

function realUpstream(entry: RealEntry, field: string, environment: NodeJS.ProcessEnv): Upstream {
  const { connect_timeout_seconds: connect, answer_timeout_seconds: answer, silence_timeout_seconds: silence } = entry;
  return {
    name: entry.name,
    baseUrl: entry.base_url,
    apiKey: keyOf(entry, field, environment),
    simulated: false,
    auth: entry.auth,
    ...common(entry),
    ...(entry.headers ? { headers: entry.headers } : {}),
    ...(connect === undefined ? {} : { connectTimeoutMs: connect * 1000 }),
    ...(answer === undefined ? {} : { answerTimeoutMs: answer * 1000 }),
    ...(silence === undefined ? {} : { silenceTimeoutMs: silence * 1000 }),
  };
}

function common({ models, max_concurrency: places }: Entry): SimulatorEntry {
  return { ...(models ? { models } : {}), ...(places === undefined ? {} : { maxConcurrency: places }) };
}

const ONE_WORD = /^[\x21-\x7e]+$/;

function keyOf(entry: RealEntry, field: string, environment: NodeJS.ProcessEnv): string | null {
  const { api_key: key, api_key_file: path, api_key_env: variable } = entry;
  if (path !== undefined) return checked(readKey(path, field), `${field}.api_key_file: ${path}`);
  if (variable === undefined) return key ?? null;
  const value = environment[variable]?.trim();
  if (!value) throw new StartupError(`Bad setting ${field}.api_key_env: the variable ${variable} is not set.`);
  return checked(value, `${field}.api_key_env: ${variable}`);
}

function readKey(path: string, field: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartupError(`Bad setting ${field}.api_key_file: ${path} cannot be read (${code}).`);
  }
}

// As a header it would fail with each request, far from here.
function checked(key: string, where: string): string {
  if (!ONE_WORD.test(key)) throw new StartupError(`Bad setting ${where} must hold one key and nothing else.`);
  return key;
}

function warningsOf(
  list: UpstreamList,
  settings: Pick<Settings, 'ANTHROPIC_API_KEY' | 'ANTHROPIC_BASE_URL'>,
): string[] {
  const isUsed = (variable: string) => list.some((entry) => 'base_url' in entry && entry.api_key_env === variable);
  const real = list.some((entry) => 'base_url' in entry);
  const simulated = list.some((entry) => !('base_url' in entry));
  return [
    ...(settings.ANTHROPIC_API_KEY && !isUsed('ANTHROPIC_API_KEY')
      ? ['ANTHROPIC_API_KEY has no effect: UPSTREAMS takes its place']
      : []),
    ...(settings.ANTHROPIC_BASE_URL ? ['ANTHROPIC_BASE_URL has no effect: UPSTREAMS takes its place'] : []),
    ...(real && simulated
      ? ['The simulator of UPSTREAMS answers test workspaces alone: the others have a real upstream']
      : []),
  ];
}
