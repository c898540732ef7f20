import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

function run(env: Record<string, string>) {
  const path = new URL('./main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [path], { env: { ...process.env, ...env }, stdio: 'pipe' });
  const exit = once(child, 'exit').then(([code]) => code as number);
  return { child, exit, errors: text(child.stderr) };
}

it('prints one line with its address, refuses a port in use in one line, and ends at Ctrl-C', async () => {
  const first = run({ PORT: '0', HOST: '' });
  const [line] = (await once(first.child.stdout, 'data')) as [Buffer];
  const address = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line.toString());
  expect(line.toString().trim().split('\n')).toHaveLength(1);
  expect((await fetch(address?.[0] ?? '')).status).toBe(200);

  const second = run({ PORT: address?.[1] ?? '', HOST: '127.0.0.1' });
  expect(await second.exit).toBe(1);
  expect((await second.errors).trim()).toMatch(/^The simulator cannot start: port \d+ of 127\.0\.0\.1 is in use.*$/);

  first.child.kill('SIGINT');
  expect(await first.exit).toBe(0);
  expect(await first.errors).toBe('');
});
