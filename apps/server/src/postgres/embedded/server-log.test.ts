import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { boundServerLog, serverLogSize, serverLogTail } from './server-log.ts';
import { makeScratch, type Scratch } from './testing.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.close());

it('keeps one old log, while the server goes on writing to its open file', async () => {
  const path = join(scratch.dir, 'log');
  const server = await open(path, 'a');
  await server.appendFile('first\n');
  await boundServerLog(path, 100);
  expect(await readFile(path, 'utf8')).toBe('first\n');
  await boundServerLog(path, 5);
  await server.appendFile('second\n');
  await server.close();
  expect(await readFile(`${path}.old`, 'utf8')).toBe('first\n');
  expect(await readFile(path, 'utf8')).toBe('second\n');
});

it('reads what was logged since a size, and its end when that is long', async () => {
  const path = join(scratch.dir, 'log');
  expect(await serverLogTail(path, 0)).toBe('');
  const server = await open(path, 'a');
  await server.appendFile('before\n');
  const size = await serverLogSize(path);
  await server.appendFile('after\n');
  expect(await serverLogTail(path, size)).toBe('after');
  await server.appendFile(`${'x'.repeat(10_000)}\nlast\n`);
  await server.close();
  const tail = await serverLogTail(path, size);
  expect(tail).toMatch(/^x+\nlast$/);
  expect(tail.length).toBeLessThanOrEqual(4096);
});
