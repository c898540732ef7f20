import type pg from 'pg';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createLedger } from './ledger.ts';
import type { ModelRequest } from './model-request.ts';
import { NOTHING_READ } from './read-message.ts';

const row: ModelRequest = {
  id: 'mreq_1',
  at: new Date(0),
  principal: { workspaceId: 'w', agentId: 'a', sessionId: 's', generation: 1, temperature: null, simulated: false },
  upstream: 'u',
  model: 'm',
  status: 200,
  stopReason: 'end_turn',
  attempts: 1,
  usage: NOTHING_READ.usage,
  cost: null,
  firstByteMs: 1,
  uncountedOutputTokens: 0,
  durationMs: 1,
};

test('an answer does not wait for ever for a database that hangs; closing does wait for the row', async () => {
  let write = () => {};
  const hangs = new Promise<void>((resolve) => {
    write = resolve;
  });
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const ledger = createLedger({ query: () => hangs } as unknown as pg.Pool, log, 10);
  await ledger.record(row);
  expect(lines.join()).toContain('the ledger is slow');
  let closed = false;
  const closing = ledger.close().then(() => {
    closed = true;
  });
  await new Promise(setImmediate);
  expect(closed).toBe(false);
  write();
  await closing;
});
