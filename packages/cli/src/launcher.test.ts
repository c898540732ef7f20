import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../tests/support/platform.ts';
import { processesOf } from '../../../tests/support/processes.ts';
import { passableDirectory } from '../../../tests/support/test-platform.ts';
import { AAAS, runAaas, startAaas } from './testing/run-aaas.ts';

const OLD_NODE = { node: ['--require', fileURLToPath(new URL('./testing/old-node.cjs', import.meta.url))] };
let directory: string;

beforeAll(() => {
  directory = passableDirectory();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('an older Node hands over, with arguments, output and exit code', async () => {
  expect(await runAaas(['--version'], OLD_NODE)).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
  const [old, new_] = await Promise.all([runAaas(['agents', 'nope'], OLD_NODE), runAaas(['agents', 'nope'])]);
  expect(old.code).toBe(2);
  expect(old).toEqual(new_);
});

test('without a newer Node beside it, it says what is needed', async () => {
  const lonely = join(directory, 'lonely', 'bin');
  mkdirSync(lonely, { recursive: true });
  copyFileSync(AAAS, join(lonely, 'aaas.mjs'));
  const { code, stderr } = await runAaas([], { node: [...OLD_NODE.node, join(lonely, 'aaas.mjs')] });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'aaas: Node 24 or newer is needed, this is 20.19.0. Install it, or run npm ci.\n',
  });
});

test('serve runs the platform, is found by its directory, and ends with a signal to the launcher', async () => {
  const dataDir = join(directory, 'data');
  const serving = startAaas(['serve', '--port', '0', '--data-dir', dataDir], OLD_NODE);
  await until(() => {
    if (serving.child.exitCode !== null) throw new Error(serving.stderr);
    return existsSync(join(dataDir, 'server.json'));
  }, 30_000);
  const { pid } = JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8'));
  expect(pid).not.toBe(serving.child.pid);
  expect((await runAaas(['health', '--data-dir', dataDir])).stdout).toMatch(/^status +ok/);
  await until(() => serving.stdout.includes('is ready'));
  expect(serving.stdout).toContain(dataDir);

  serving.child.kill('SIGTERM');
  expect((await serving.finished).code).toBe(0);
  expect(existsSync(join(dataDir, 'server.json'))).toBe(false);
  expect(processesOf(dataDir)).toEqual([]);
});
