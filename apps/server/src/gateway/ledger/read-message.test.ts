import { expect, test } from 'vitest';
import { NOTHING_READ, readMessage } from './read-message.ts';

test('a message in one piece says what it used', () => {
  const message = { model: 'm', stop_reason: 'end_turn', usage: { input_tokens: 3, output_tokens: 4 } };
  expect(readMessage(Buffer.from(JSON.stringify(message)))).toMatchObject({
    model: 'm',
    stopReason: 'end_turn',
    usage: { inputTokens: 3, outputTokens: 4 },
  });
});

test.each(['', 'null', '[]', '{', '"x"', '{"usage":7}'])('what is none says nothing: %j', (text) => {
  expect(readMessage(Buffer.from(text))).toEqual(NOTHING_READ);
});
