import type { Dispatcher } from 'undici';
import { expect, test } from 'vitest';
import { UpstreamBody } from './upstream-body.ts';

function fakeController() {
  const acts: string[] = [];
  let paused = false;
  const controller = {
    get paused() {
      return paused;
    },
    pause() {
      paused = true;
      acts.push('pause');
    },
    resume() {
      paused = false;
      acts.push('resume');
    },
    abort() {
      acts.push('abort');
    },
  };
  return { acts, controller: controller as unknown as Dispatcher.DispatchController };
}

test('what arrived before a break is read before the break', async () => {
  const body = new UpstreamBody(fakeController().controller);
  body.push(Buffer.from('a'));
  body.push(Buffer.from('b'));
  body.fail(new Error('reset'));
  expect(String((await body.next()).value)).toBe('a');
  expect(String((await body.next()).value)).toBe('b');
  await expect(body.next()).rejects.toThrow('reset');
});

test('a reader that waits is woken by bytes and by the end', async () => {
  const body = new UpstreamBody(fakeController().controller);
  const first = body.next();
  body.push(Buffer.from('a'));
  expect(String((await first).value)).toBe('a');
  const last = body.next();
  body.end();
  expect(await last).toEqual({ done: true, value: undefined });
});

test('the upstream is paused while too much waits', async () => {
  const { acts, controller } = fakeController();
  const body = new UpstreamBody(controller);
  body.push(Buffer.alloc(40_000));
  body.push(Buffer.alloc(40_000));
  expect(acts).toEqual(['pause']);
  await body.next();
  expect(acts).toEqual(['pause', 'resume']);
});

test('giving up aborts the request once, and not at all when it has ended', async () => {
  const { acts, controller } = fakeController();
  const body = new UpstreamBody(controller);
  body.cancel();
  body.cancel();
  expect(acts).toEqual(['abort']);
  await expect(body.next()).rejects.toThrow('not wanted');
  const whole = new UpstreamBody(controller);
  whole.end();
  whole.cancel();
  expect(acts).toEqual(['abort']);
});
