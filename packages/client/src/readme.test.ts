import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Platform } from '../../../tests/support/platform.ts';
import { startReachablePlatform } from './testing/start-reachable-platform.ts';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const EXAMPLES = [...README.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code as string);

let platform: Platform;
beforeAll(async () => {
  platform = await startReachablePlatform();
});
afterAll(() => platform?.dispose());

async function runExample(code: string) {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', code], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { PATH: process.env.PATH, AAAS_URL: platform.url, AAAS_API_KEY: platform.key },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { output: await text(child.stdout), code: await ended };
}

test('the examples of the readme do what it says', async () => {
  expect(EXAMPLES).toHaveLength(2);
  const [first, second] = await Promise.all(EXAMPLES.map(runExample));
  expect(first?.code).toBe(0);
  expect(first?.output).toContain('Simulated reply 1: What can you do?');
  expect(first?.output).toContain('Simulated reply 2: Count the files here.\nended as completed');
  expect(first?.output).toMatch(/^code-/m);
  expect(second).toMatchObject({ code: 0, output: expect.stringMatching(/^404 not_found .* req_/) });
});
