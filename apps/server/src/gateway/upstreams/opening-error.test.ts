import { expect, test } from 'vitest';
import { openingError } from './opening-error.ts';

const event = (type: string) =>
  Buffer.from(`event: error\ndata: {"type":"error","error":{"type":"${type}","message":""}}\n\n`);

test('an error at the start of a stream stands for its status', () => {
  expect(openingError(event('overloaded_error'))).toBe(529);
  expect(openingError(event('rate_limit_error'))).toBe(429);
  expect(openingError(event('api_error'))).toBe(500);
});

test('what cannot be helped by trying again, and everything else, passes', () => {
  expect(openingError(event('invalid_request_error'))).toBeNull();
  expect(openingError(Buffer.from('event: error'))).toBeNull();
  expect(openingError(Buffer.from('event: message_start\ndata: {"type":"overloaded_error"}\n\n'))).toBeNull();
});
