import { expect, it } from 'vitest';
import { secretHider } from './hide-secrets.ts';

const hide = secretHider(['literally-secret', 'with "quotes" inside', 'p@ss/word+1']);

it.each([
  ['a provider key', 'sk-ant-api03-abc_DEF-123456'],
  ['an API key', 'aaas_0123456789abcdefghij'],
  ['a key of the test side', 'aaas_test_0123456789abcdefghij'],
  ['a token of the gateway', 'aaas-gw.sesn_1abc.12.c2lnbmF0dXJlLXRleHQ'],
  ['a webhook secret', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  ['a known one', 'literally-secret'],
  ['a known one that JSON quotes', 'with "quotes" inside'],
  ['a known one as an address spells it', encodeURIComponent('p@ss/word+1')],
])('hides %s wherever it stands in a line', (_what, secret) => {
  const line = JSON.stringify({
    level: 30,
    [`x ${secret}`]: 1,
    msg: `tried ${secret}, and ${secret}.`,
    nested: { deep: [secret], json: JSON.stringify({ secret }) },
  });
  const hidden = hide(line);
  expect(hidden).not.toContain(secret);
  expect(hidden).not.toContain(JSON.stringify(secret).slice(1, -1));
  expect(JSON.parse(hidden)).toMatchObject({ level: 30 });
});

it('hides what is named like a secret, in JSON, in JSON within JSON, in headers and in queries', () => {
  const plain = 'hunter2-plain';
  const lines = [
    { authorization: plain, 'X-Api-Key': plain, 'set-cookie': plain, POSTGRES_PASSWORD: plain, client_secret: plain },
    { body: JSON.stringify({ password: plain, apiKey: plain }) },
    { msg: `GET /x?api_key=${plain}&token=${plain}` },
    { msg: `x-api-key: ${plain}` },
    { msg: `authorization: Bearer ${plain}` },
    { msg: `cannot reach postgres://aaas:${plain}@db:5432/aaas` },
    { env: { HARMLESS: plain, 'A"B': `{${plain}}` }, after: 1 },
  ];
  for (const line of lines) {
    const hidden = hide(JSON.stringify(line));
    expect(hidden).not.toContain('hunter2');
    expect(() => JSON.parse(hidden)).not.toThrow();
  }
});

it('leaves alone what is no secret', () => {
  const line = JSON.stringify({
    request_id: 'req_1pANRYitRrLEcchjYsKYz2Tt',
    key_id: 'apikey_1pANRYVrQ1J1KJuadcnq6jTF',
    usage: { input_tokens: 6359, output_tokens: 6 },
    route: '/api/v1/agents/:agent_id/messages',
    url: 'http://127.0.0.1:8000/metrics',
    msg: 'session moved',
  });
  expect(hide(line)).toBe(line);
});

it('takes time in proportion to the line, whatever stands in it', () => {
  const time = (text: string) => {
    const began = performance.now();
    hide(text);
    return performance.now() - began;
  };
  for (const part of ['password', 'secret-', '"env":{"a":"b",', '://a:', 'aaas_', 'a-', '\\"token\\":', 'sk-']) {
    expect([part, time(part.repeat(200_000 / part.length)) < 1_000]).toEqual([part, true]);
  }
});
