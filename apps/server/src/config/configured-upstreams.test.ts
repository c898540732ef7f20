import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configuredUpstreams } from './configured-upstreams.ts';
import { loadSettings } from './load-settings.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'aaas-upstreams-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function configured(upstreams: unknown, environment: Record<string, string> = {}) {
  const given = upstreams === undefined ? {} : { UPSTREAMS: JSON.stringify(upstreams) };
  const all = { ...given, ...environment };
  return configuredUpstreams(loadSettings(all).settings, all);
}
const BASE = { name: 'one', base_url: 'https://models.example' };

test('the short form is one upstream, and nothing is the simulator', () => {
  expect(configured(undefined, { ANTHROPIC_API_KEY: 'k' }).upstreams).toEqual([
    { name: 'anthropic', baseUrl: 'https://api.anthropic.com', apiKey: 'k', simulated: false },
  ]);
  expect(configured(undefined)).toEqual({ upstreams: [{}], warnings: [] });
});

test('a list may come from a file, with its keys from wherever they lie', () => {
  const keyFile = join(directory, 'key');
  writeFileSync(keyFile, 'from-file\n');
  const listFile = join(directory, 'upstreams.json');
  const entries = [
    { ...BASE, api_key_file: keyFile, models: { a: 'b', '*': '*' }, max_concurrency: 3, headers: { 'X-Team': 'blue' } },
    { ...BASE, name: 'two', api_key_env: 'ANTHROPIC_API_KEY', auth: 'bearer', answer_timeout_seconds: 30 },
    { ...BASE, name: 'three', api_key: 'plain' },
    { name: 'simulator', simulator: true },
  ];
  writeFileSync(listFile, JSON.stringify(entries, null, 2));
  const { upstreams, warnings } = configured(undefined, { UPSTREAMS_FILE: listFile, ANTHROPIC_API_KEY: 'from-env' });
  const one = { baseUrl: BASE.base_url, simulated: false };
  expect(upstreams).toEqual([
    {
      ...one,
      name: 'one',
      apiKey: 'from-file',
      auth: 'x-api-key',
      models: { a: 'b', '*': '*' },
      maxConcurrency: 3,
      headers: { 'X-Team': 'blue' },
    },
    { ...one, name: 'two', apiKey: 'from-env', auth: 'bearer', answerTimeoutMs: 30_000 },
    { ...one, name: 'three', apiKey: 'plain', auth: 'x-api-key' },
    {},
  ]);
  expect(warnings).toEqual([expect.stringContaining('simulator')]);
  expect(configured([BASE], { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'http://x' }).warnings).toHaveLength(2);
});

const SECRET = 'sk-very-secret';
test.each<[unknown, string]>([
  [{}, 'UPSTREAMS: must be a JSON array'],
  [[], 'UPSTREAMS: must name at least one upstream'],
  [[7], 'UPSTREAMS: [0]: '],
  [[{ ...BASE, name: 'a b' }], 'UPSTREAMS: [0].name: must be 1 to 64 letters'],
  [[BASE, BASE], 'UPSTREAMS: [1].name: is the name of another one too'],
  [
    [BASE, { ...BASE, name: 'b', base_url: 'ftp://x' }],
    'UPSTREAMS: [1].base_url: must be an http:// or https:// address',
  ],
  [[{ ...BASE, base_url: 'https://x.example/v1' }], 'UPSTREAMS: [0].base_url: must not end in /v1'],
  [[{ ...BASE, base_url: `https://u:${SECRET}@x.example` }], 'UPSTREAMS: [0].base_url: must have no user'],
  [[{ ...BASE, api_key: `${SECRET} x` }], 'UPSTREAMS: [0].api_key: must have no spaces'],
  [[{ ...BASE, api_key: SECRET, api_key_env: 'X' }], 'UPSTREAMS: [0].api_key: give one of'],
  [[{ ...BASE, api_key_env: 'NOT_SET' }], 'UPSTREAMS: [0].api_key_env: the variable NOT_SET is not set'],
  [[{ ...BASE, api_key_file: '/nowhere/key' }], 'UPSTREAMS: [0].api_key_file: /nowhere/key cannot be read (ENOENT)'],
  [[{ ...BASE, auth: 'basic' }], 'UPSTREAMS: [0].auth: must be x-api-key or bearer'],
  [[{ ...BASE, models: { a: 1 } }], 'UPSTREAMS: [0].models.a: must be a string'],
  [[{ ...BASE, headers: { Host: 'x' } }], 'UPSTREAMS: [0].headers.Host: '],
  [[{ ...BASE, max_concurrency: 0 }], 'UPSTREAMS: [0].max_concurrency: '],
  [[{ ...BASE, apikey: SECRET }], 'UPSTREAMS: [0]: Unrecognized key: "apikey"'],
  [[{ ...BASE, name: 'simulator' }], 'UPSTREAMS: [0].name: must not be simulator'],
  [[{ name: 'mine', simulator: true }], 'UPSTREAMS: [0].name: must be simulator when simulator is true'],
])('%j is one clear line', (upstreams, message) => {
  let line = '';
  try {
    configured(upstreams);
  } catch (error) {
    line = (error as Error).message;
  }
  expect(line).toContain(`Bad setting ${message}`);
  expect(line).not.toContain(SECRET);
  expect(line).not.toContain('\n');
});

test('what is no JSON is told where it breaks, and never quoted', () => {
  const broken = `[{"name":"one","api_key":"${SECRET}"`;
  expect(() => loadSettings({ UPSTREAMS: broken })).toThrow('UPSTREAMS: must be a JSON array of upstreams');
  try {
    loadSettings({ UPSTREAMS: broken });
  } catch (error) {
    expect(String(error)).not.toContain(SECRET);
  }
});
