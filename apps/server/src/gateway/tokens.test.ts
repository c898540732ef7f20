import { expect, test } from 'vitest';
import { issueToken, tokenOf, verifyToken } from './tokens.ts';

const secret = Buffer.from('one secret');
const claim = { sessionId: 'sesn_1pAM99PXaD2Tp5PnnD2dU7D4', generation: 7 };

test('a token says whom it was issued to', () => {
  const token = issueToken(secret, claim);
  expect(token).toMatch(/^aaas-gw\.sesn_1pAM99PXaD2Tp5PnnD2dU7D4\.7\.[A-Za-z0-9_-]{43}$/);
  expect(verifyToken(secret, token)).toEqual(claim);
});

test('no changed character passes', () => {
  const token = issueToken(secret, claim);
  for (let i = 0; i < token.length; i++) {
    const other = token[i] === 'A' ? 'B' : 'A';
    expect(verifyToken(secret, token.slice(0, i) + other + token.slice(i + 1)), `character ${i}`).toBeNull();
    expect(verifyToken(secret, token.slice(0, i)), `cut at ${i}`).toBeNull();
  }
  expect(verifyToken(secret, `${token}A`)).toBeNull();
  expect(verifyToken(secret, `${token}=`)).toBeNull();
});

test('a signature is good for its own session, generation and secret alone', () => {
  const token = issueToken(secret, claim);
  const signature = token.slice(token.lastIndexOf('.') + 1);
  expect(verifyToken(secret, `aaas-gw.${claim.sessionId}.8.${signature}`)).toBeNull();
  expect(verifyToken(secret, `aaas-gw.${claim.sessionId}.07.${signature}`)).toBeNull();
  expect(verifyToken(secret, `aaas-gw.sesn_other.7.${signature}`)).toBeNull();
  expect(verifyToken(Buffer.from('another secret'), token)).toBeNull();
});

test.each([
  '',
  '.',
  '...',
  'sk-ant-api03-x',
  'aaas-gw',
  'aaas-gw.a.1',
  'aaas-gw.a.1.',
  `aaas-gw.${'a'.repeat(300)}.1.x`,
])('text that is no token is refused: %j', (text) => {
  expect(verifyToken(secret, text)).toBeNull();
});

test.each([
  { sessionId: 'a.b', generation: 1 },
  { sessionId: '', generation: 1 },
  { sessionId: 'a', generation: -1 },
  { sessionId: 'a', generation: 1.5 },
  { sessionId: 'a', generation: Number.NaN },
])('a claim that could not be read again is not signed: %j', (bad) => {
  expect(() => issueToken(secret, bad)).toThrow(RangeError);
});

test('the token comes as x-api-key or as bearer', () => {
  expect(tokenOf({ 'x-api-key': 'a' })).toBe('a');
  expect(tokenOf({ authorization: 'Bearer b' })).toBe('b');
  expect(tokenOf({ 'x-api-key': '', authorization: 'bearer b' })).toBe('b');
  expect(tokenOf({ authorization: 'Basic b' })).toBeNull();
  expect(tokenOf({})).toBeNull();
});
