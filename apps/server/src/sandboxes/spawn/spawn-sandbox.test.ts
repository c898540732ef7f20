import { once } from 'node:events';
import { expect, it } from 'vitest';
import { testEnclosure } from '../limits/testing.ts';
import { spawnSandbox } from './spawn-sandbox.ts';

it('keeps the last words of a process, without the secrets that it was given', async () => {
  const sandbox = spawnSandbox({
    name: { node: { id: 'node_test', incarnation: 1 }, sessionId: 'sesn_test', generation: 1 },
    command: '/bin/sh',
    args: ['-c', 'echo "cannot start: $PLAIN_NAME" >&2; exit 3'],
    cwd: '/',
    env: { PLAIN_NAME: 'zebra-stripes' },
    user: null,
    enclosure: await testEnclosure('sesn_test'),
    needs: [],
    writable: [],
    confinement: null,
    secrets: ['zebra-stripes'],
  });
  await once(sandbox.child, 'close');
  expect(sandbox.lastOutput()).toBe('cannot start: [redacted]');
  expect(await sandbox.exited).toMatchObject({ code: 3 });
});

it('notices that a process has closed its output although it lives', async () => {
  const sandbox = spawnSandbox({
    name: { node: { id: 'node_test', incarnation: 1 }, sessionId: 'sesn_silent', generation: 1 },
    command: '/bin/sh',
    args: ['-c', 'exec >&-; sleep 300'],
    cwd: '/',
    env: { PATH: process.env.PATH },
    user: null,
    enclosure: await testEnclosure('sesn_silent'),
    needs: [],
    writable: [],
    confinement: null,
    secrets: [],
  });
  sandbox.child.stdout.resume();
  await sandbox.outputEnded;
  expect(await Promise.race([sandbox.exited, Promise.resolve('alive')])).toBe('alive');
  await sandbox.kill();
  expect(await sandbox.exited).toMatchObject({ signal: 'SIGKILL' });
});
