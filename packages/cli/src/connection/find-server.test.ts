import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findServer } from './find-server.ts';
import { unreachableRemedy } from './unreachable-remedy.ts';

const HERE = 'http://127.0.0.1:8123';
let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'aaas-cli-'));
  writeFileSync(join(dataDir, 'server.json'), JSON.stringify({ url: HERE, pid: 2 ** 22 + 1 }));
  writeFileSync(join(dataDir, 'admin.key'), 'admin\n');
  vi.stubEnv('DATA_DIR', dataDir);
  vi.stubEnv('AAAS_URL', '');
  vi.stubEnv('AAAS_API_KEY', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dataDir, { recursive: true });
});

test('options go before the environment, and that before the data directory', () => {
  expect(findServer({})).toEqual({ url: HERE, apiKey: 'admin' });
  vi.stubEnv('AAAS_URL', 'https://env.example');
  vi.stubEnv('AAAS_API_KEY', 'env');
  expect(findServer({})).toEqual({ url: 'https://env.example', apiKey: 'env' });
  expect(findServer({ dataDir })).toEqual({ url: HERE, apiKey: 'admin' });
  expect(findServer({ url: 'https://flag.example', apiKey: 'flag' })).toEqual({
    url: 'https://flag.example',
    apiKey: 'flag',
  });
});

test('the admin key of a data directory does not go to another server', () => {
  expect(findServer({ url: 'https://elsewhere.example' }).apiKey).toBeNull();
  expect(findServer({ url: 'http://localhost:9000' }).apiKey).toBe('admin');
});

test('a server that has died is named with the way to bring it back', () => {
  expect(unreachableRemedy(HERE, { dataDir })).toMatch(/has died.*aaas serve --data-dir /);
  expect(unreachableRemedy('http://127.0.0.1:1', { dataDir })).toMatch(/Is it running\?/);
});
