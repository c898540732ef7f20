import { expect, test } from 'vitest';
import { scanBody } from './scan-body.ts';

const scan = (text: string) => scanBody(Buffer.from(text));

test('model, stream and thinking are read wherever they stand', () => {
  expect(scan('{"model":"m","stream":true}')).toMatchObject({ model: 'm', stream: true, thinks: false });
  expect(
    scan(
      '\n{ "messages" : [{"model":"no","stream":true,"x":"]}\\"{"}] ,\t"thinking":{"type":"enabled"}, "model" : "ü\\u0041" }\r\n',
    ),
  ).toMatchObject({ model: 'üA', stream: false, thinks: true });
  expect(scan('{"thinking":{"type":"disabled"},"stream":false,"model":7}')).toMatchObject({
    model: '',
    stream: false,
    thinks: false,
  });
  expect(scan('{"thinking":null}')).toMatchObject({ thinks: false });
  expect(scan('{"thinking":{"type":"adaptive"}}')).toMatchObject({ thinks: true });
});

test('a repeated or escaped member counts as JSON.parse counts it', () => {
  const text = '{"model":"a","mod\\u0065l":"b","stream":true,"stream":false}';
  const { model, stream } = JSON.parse(text);
  expect(scan(text)).toMatchObject({ model, stream });
});

test('the temperature is found, at the top only', () => {
  const text = '{"a":{"temperature":9},"temperature": 0.25 ,"b":1}';
  const span = scan(text)?.temperature;
  expect(span && text.slice(span.from, span.to)).toBe('0.25');
  expect(scan('{"a":{"temperature":9}}')?.temperature).toBeNull();
});

test.each([
  '',
  ' ',
  '[]',
  '"x"',
  'null',
  '{',
  '{"a"',
  '{"a":',
  '{"a":1',
  '{"a":1,}',
  '{"a":}',
  '{a:1}',
  '{"a":1}x',
  '{"a":"x}',
  '{"a":[1}',
  '{"a":"\\"}',
  '{"model":nope}',
  '\ufeff{}',
])('what is no object is refused: %j', (text) => {
  expect(scan(text)).toBeNull();
});

test('an object is accepted exactly when it can be parsed, over many broken variants of one', () => {
  const whole = '{"model":"m","stream":true,"n":[1,{"t":"a\\\\"}],"temperature":1e0}';
  expect(scan(whole)).toMatchObject({ model: 'm', stream: true });
  for (let i = 0; i < whole.length; i++) expect(scan(whole.slice(0, i)), `cut at ${i}`).toBeNull();
});
