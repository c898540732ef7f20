import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { startFront } from './front.ts';

it('ends in order: what asks a model is answered, what only reads is cut, and whoever comes is told to go on', async () => {
  const answered = Promise.withResolvers<void>();
  const arrived: string[] = [];
  const front = await startFront(pino({ level: 'silent' }), async (req, res, closing) => {
    arrived.push(req.method as string);
    const ended = new Promise<void>((resolve) => closing.addEventListener('abort', () => resolve()));
    await Promise.race([answered.promise, ended]);
    if (closing.aborted) res.destroy();
    else res.end('to the end');
  });
  // One connection each, made before the port is closed: the third stands for what comes another way.
  const post = fetch(front.url, { method: 'POST', body: 'x' });
  const get = fetch(front.url).then(
    () => 'answered',
    () => 'cut',
  );
  while (arrived.length < 2) await sleep(5);
  const closed = front.close(30_000);
  expect(await get).toBe('cut');
  answered.resolve();
  expect(await (await post).text()).toBe('to the end');
  await closed;

  const late = { status: 0, headers: {} as Record<string, unknown> };
  front.serve(
    { method: 'POST' } as never,
    {
      on: () => {},
      writeHead: (status: number, headers: Record<string, unknown>) => Object.assign(late, { status, headers }),
      end: () => {},
    } as never,
  );
  expect(late).toMatchObject({ status: 503, headers: { 'x-aaas-unfit': '1' } });
});
