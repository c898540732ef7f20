import { expect, test } from 'vitest';
import { MESSAGE, MESSAGE_USAGE, sse } from '../testing-upstream.ts';
import { SseMeter } from './sse-meter.ts';

const STREAM = Buffer.from(MESSAGE.join(''));
const STOP_AT = STREAM.length - Buffer.byteLength(MESSAGE.at(-1) as string);

/** Feeds chunks as a forwarder would, and checks on the way that nothing of the end passes too soon. */
function run(chunks: Buffer[], stopAt: number) {
  const meter = new SseMeter();
  const passed: Buffer[] = [];
  let lasts = 0;
  let early = 0;
  for (const chunk of chunks) {
    const { pass, last } = meter.push(chunk);
    passed.push(pass);
    if (lasts === 0) early += pass.length;
    if (last) {
      lasts++;
      passed.push(last);
    }
  }
  return { meter, bytes: Buffer.concat(passed), lasts, heldFromEnd: early, stopAt };
}

function expectWhole(outcome: ReturnType<typeof run>, stream: Buffer, where: string): void {
  expect(outcome.bytes.equals(stream), where).toBe(true);
  expect(outcome.lasts, where).toBe(1);
  // Of the last event at most its first line, without the line's end, may go ahead: no reader takes that for an event.
  expect(outcome.heldFromEnd, where).toBeLessThanOrEqual(outcome.stopAt + 'event: message_stop'.length);
  expect(outcome.meter.usage, where).toEqual(MESSAGE_USAGE);
  expect(outcome.meter.stopReason, where).toBe('end_turn');
  expect(outcome.meter.model, where).toBe('claude-sonnet-4-5-20250929');
  expect(outcome.meter.ending, where).toBe('message_stop');
}

const crlf = Buffer.from(STREAM.toString().replaceAll('\n', '\r\n'));
const cr = Buffer.from(STREAM.toString().replaceAll('\n', '\r'));
const variants: [string, Buffer, number][] = [
  ['LF', STREAM, STOP_AT],
  ['CRLF', crlf, crlf.indexOf('event: message_stop\r\ndata')],
  ['CR', cr, cr.indexOf('event: message_stop\rdata')],
];

test.each(variants)('with %s the usage is read and the end held back at every split position', (_, stream, stopAt) => {
  expectWhole(run([stream], stopAt), stream, 'whole');
  for (let i = 0; i <= stream.length; i++) {
    expectWhole(run([stream.subarray(0, i), stream.subarray(i)], stopAt), stream, `split at ${i}`);
  }
});

test.each(variants)('with %s it may come byte by byte', (_, stream, stopAt) => {
  expectWhole(
    run(
      Array.from(stream, (byte) => Buffer.from([byte])),
      stopAt,
    ),
    stream,
    'bytes',
  );
});

test.each(variants)('with %s it may come in any pieces', (_, stream, stopAt) => {
  let seed = 42;
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed / 2147483648;
  };
  for (let round = 0; round < 500; round++) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.length; ) {
      const next = Math.min(stream.length, at + Math.floor(random() ** 3 * 400));
      chunks.push(stream.subarray(at, next));
      at = next;
    }
    expectWhole(run(chunks, stopAt), stream, `round ${round}: ${chunks.map((chunk) => chunk.length)}`);
  }
});

test('every event but the last passes with the chunk that brings it', () => {
  const meter = new SseMeter();
  for (const event of MESSAGE.slice(0, -1)) {
    const chunk = Buffer.from(event);
    expect(meter.push(chunk)).toEqual({ pass: chunk, last: null });
  }
  expect(meter.push(Buffer.from(MESSAGE.at(-1) as string)).last?.toString()).toBe(MESSAGE.at(-1));
});

test('events without a name are told by their data, at every split position', () => {
  const stream = Buffer.from(STREAM.toString().replaceAll(/^event: .*\n/gm, ''));
  const stopAt = stream.lastIndexOf('data:');
  for (let i = 0; i <= stream.length; i++) {
    const { meter, bytes, lasts, heldFromEnd } = run([stream.subarray(0, i), stream.subarray(i)], stopAt);
    expect(bytes.equals(stream)).toBe(true);
    expect(lasts).toBe(1);
    expect(heldFromEnd).toBeLessThan(stream.length - 1);
    expect(meter.usage).toEqual(MESSAGE_USAGE);
  }
});

test('content is never parsed, and need not be text at all', () => {
  const broken = Buffer.concat([
    Buffer.from(MESSAGE[0] as string),
    Buffer.from('event: content_block_delta\ndata: {"usage":{"output_tokens":9999}, not json \xff\xfe\n\n', 'latin1'),
    Buffer.from(MESSAGE.slice(-2).join('')),
  ]);
  const { meter, bytes } = run([broken], broken.length);
  expect(meter.usage).toEqual(MESSAGE_USAGE);
  expect(bytes.equals(broken)).toBe(true);
});

test('an error event ends the message and is held back like its end', () => {
  const error = sse('error', { error: { type: 'overloaded_error', message: 'Overloaded' } });
  const stream = Buffer.from(MESSAGE.slice(0, 4).join('') + error);
  for (let i = 0; i <= stream.length; i++) {
    const { meter, bytes, lasts } = run([stream.subarray(0, i), stream.subarray(i)], 0);
    expect(bytes.equals(stream)).toBe(true);
    expect(lasts).toBe(1);
    expect(meter.ending).toBe('error');
    expect(meter.stopReason).toBeNull();
    expect(meter.usage).toMatchObject({ inputTokens: 12, outputTokens: 1 });
  }
});

test('a stream that breaks off keeps what it said, without a stop reason', () => {
  for (let i = 0; i < STOP_AT; i++) {
    const meter = new SseMeter();
    meter.push(STREAM.subarray(0, i));
    expect(meter.finish()).toBeNull();
    expect(meter.ending).toBeNull();
    expect(meter.stopReason).toBeNull();
  }
});

test('only the blank line of the last event may be missing', () => {
  const meter = new SseMeter();
  const first = meter.push(STREAM.subarray(0, -1));
  expect(first.last).toBeNull();
  expect(Buffer.concat([first.pass, meter.finish() ?? Buffer.alloc(0)]).equals(STREAM.subarray(0, -1))).toBe(true);
  expect(meter.stopReason).toBe('end_turn');
});

test('what comes after the end passes', () => {
  const meter = new SseMeter();
  expect(meter.push(Buffer.concat([STREAM, Buffer.from(': bye\n\n')])).last?.toString()).toMatch(
    /message_stop"}\n\n: bye\n\n$/,
  );
  const more = Buffer.from(MESSAGE.join(''));
  expect(meter.push(more)).toEqual({ pass: more, last: null });
});

test('an end that never ends is not held for ever, and no byte is lost or doubled', () => {
  const meter = new SseMeter();
  const out: Buffer[] = [];
  const chunks = ['event: message_stop\n', ...Array.from({ length: 40 }, () => `data: ${'x'.repeat(64 * 1024)}\n`)];
  for (const text of chunks) {
    const { pass, last } = meter.push(Buffer.from(text));
    out.push(pass, ...(last ? [last] : []));
  }
  expect(Buffer.concat(out).toString()).toBe(chunks.join(''));
  expect(meter.ending).toBe('message_stop');
});

test('a second name within the last event does not let it go', () => {
  const stream = Buffer.from('event: message_stop\nevent: ping\ndata: {}\n\n');
  for (let i = 0; i <= stream.length; i++) {
    const { meter, bytes } = run([stream.subarray(0, i), stream.subarray(i)], 0);
    expect(bytes.equals(stream)).toBe(true);
    expect(meter.ending).toBe('message_stop');
  }
});
