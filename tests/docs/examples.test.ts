import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Platform } from '../support/platform.ts';
import { startTestPlatform } from '../support/test-platform.ts';
import { examplesOf } from './examples.ts';
import { shapeOf } from './shape.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['packages/cli/README.md', 'docs/cli.md', 'packages/client/README.md', 'docs/client.md'];

let platform: Platform;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'aaas-docs-'));
  symlinkSync(join(ROOT, 'packages/cli/bin/aaas.js'), join(directory, 'aaas'));
  platform = await startTestPlatform({ WEBHOOK_ALLOW_PRIVATE: 'localhost' });
});
afterAll(async () => {
  await platform?.dispose();
  rmSync(directory, { recursive: true });
});

const RUN = {
  sh: { command: 'sh', args: ['-e', '-c'], cwd: () => directory },
  ts: {
    command: process.execPath,
    args: ['--input-type=module-typescript', '--eval'],
    cwd: () => `${ROOT}/packages/client`,
  },
};

async function run(language: keyof typeof RUN, code: string) {
  const { command, args, cwd } = RUN[language];
  const child = spawn(command, [...args, code], {
    cwd: cwd(),
    env: {
      PATH: `${directory}:${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: process.env.HOME,
      NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
      DATA_DIR: platform.dataDir,
      AAAS_URL: platform.url,
      AAAS_API_KEY: platform.key,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await exit, stdout, stderr };
}

// Dozens of processes one after another.
const PAGE_MS = 300_000;

test.concurrent.each(PAGES)('the examples of %s do what they say', { timeout: PAGE_MS }, async (page) => {
  const examples = examplesOf(readFileSync(join(ROOT, page), 'utf8'));
  expect(examples.length).toBeGreaterThan(0);
  for (const { language, code, output } of examples) {
    const ran = await run(language, code);
    if (ran.code !== 0) throw new Error(`${code}\nended with ${ran.code}:\n${ran.stdout}${ran.stderr}`);
    if (output !== null) expect(shapeOf(ran.stdout, output)).toEqual(shapeOf(output, output));
  }
});
