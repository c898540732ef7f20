import { expect, it } from 'vitest';
import { StartClock } from './start-clock.ts';
import { hintFor } from './start-hints.ts';

it('measures each step, and the whole up to the probe', () => {
  let now = 0;
  const heard: unknown[] = [];
  const clock = new StartClock(
    (...step) => heard.push(step),
    () => now,
  );
  clock.enter('directory');
  now = 5;
  clock.enter('spawn');
  now = 20;
  clock.enter('handshake');
  now = 400;
  expect(clock.ready()).toMatchObject({
    kind: 'cold',
    steps: { directory_ms: 5, spawn_ms: 15, handshake_ms: 380 },
    failed_step: null,
  });
  expect(heard.at(-1)).toEqual(['cold', 'ready', 0.4]);
});

it('tells the step that failed from those that were done', () => {
  const clock = new StartClock();
  clock.enter('directory');
  clock.enter('spawn');
  const failed = clock.failed('spawn /x/claude ENOENT');
  expect(failed).toMatchObject({ failed_step: 'spawn', hint: expect.stringContaining('missing') });
  expect(Object.keys(failed.steps)).toEqual(['directory_ms']);
});

it.each([
  ['spawn', 'spawn /x/claude EACCES', /noexec/],
  ['spawn', 'spawn sh EAGAIN', /limit of processes/],
  ['directory', "ENOSPC: no space left on device, mkdir '/data'", /full/],
  ['directory', 'EROFS: read-only file system', /read-only/],
  ['handshake', 'ended by SIGKILL', /kernel/],
  ['handshake', "ended by SIGKILL\nbwrap: Can't read /proc/7/ns: No such file or directory", /kernel/],
  ['handshake', 'ended with exit code 134\nFATAL ERROR: Reached heap limit', /memory/],
  ['handshake', 'ended with exit code 1\nbwrap: No permissions to create new namespace', /bubblewrap/],
  ['handshake', 'the process did not answer within 60 s', /START_TIMEOUT/],
  ['handshake', "There's an issue with the selected model (x)", /model/],
  ['handshake', 'No conversation found with session ID: 1', /transcript/],
  ['handshake', 'MCP config is invalid', /MCP server/],
] as const)('knows a cause: %s, %s', (step, output, hint) => {
  expect(hintFor(step, output)).toMatch(hint);
});

it('does not guess', () => {
  expect(hintFor('handshake', 'ended with exit code 7')).toBe(null);
});
