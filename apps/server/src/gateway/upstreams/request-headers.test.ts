import { expect, test } from 'vitest';
import { upstreamHeaders } from './request-headers.ts';
import { clientHeaders } from './response-headers.ts';

test('the provider gets its own key and what it understands, nothing of the client’s host or token', () => {
  const sent = upstreamHeaders(
    {
      host: '127.0.0.1:4000',
      connection: 'keep-alive, x-app',
      'keep-alive': 'timeout=5',
      'transfer-encoding': 'chunked',
      te: 'trailers',
      upgrade: 'h2c',
      'proxy-authorization': 'Basic x',
      'content-length': '5',
      'x-api-key': 'aaas-gw.token',
      authorization: 'Bearer aaas-gw.token',
      cookie: 'a=b',
      forwarded: 'for=10.0.0.1',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-host': 'inner',
      'x-real-ip': '10.0.0.1',
      via: 'inner',
      origin: 'http://inner',
      referer: 'http://inner',
      'accept-encoding': 'gzip, br',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'a,b',
      'content-type': 'application/json',
      'user-agent': 'claude-cli',
      'x-stainless-lang': 'js',
    },
    { apiKey: 'KEY' },
  );
  expect(sent).toEqual({
    'x-api-key': 'KEY',
    'accept-encoding': 'identity',
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'a,b',
    'content-type': 'application/json',
    'user-agent': 'claude-cli',
    'x-stainless-lang': 'js',
  });
  expect(upstreamHeaders({ 'x-api-key': 'aaas-gw.token' }, { apiKey: null })).toEqual({
    'accept-encoding': 'identity',
  });
});

test('the client gets the useful headers, and none with the key in it', () => {
  expect(
    clientHeaders(
      {
        'content-type': 'text/event-stream',
        'request-id': 'req_1',
        'retry-after': '3',
        'anthropic-ratelimit-tokens-remaining': '7',
        'anthropic-ratelimit-echo': 'KEY',
        'anthropic-organization-id': 'org',
        'set-cookie': ['a=b'],
        'transfer-encoding': 'chunked',
        connection: 'close',
        server: 'x',
      },
      ['KEY'],
    ),
  ).toEqual({
    'content-type': 'text/event-stream',
    'request-id': 'req_1',
    'retry-after': '3',
    'anthropic-ratelimit-tokens-remaining': '7',
  });
});

test('an upstream may want its key as bearer, and headers of its own', () => {
  expect(
    upstreamHeaders(
      { 'anthropic-version': '2023-06-01', 'x-api-key': 'aaas-gw.token' },
      { apiKey: 'KEY', auth: 'bearer', headers: { 'X-Team': 'blue', 'Anthropic-Version': '2024-01-01' } },
    ),
  ).toEqual({
    authorization: 'Bearer KEY',
    'accept-encoding': 'identity',
    'x-team': 'blue',
    'anthropic-version': '2024-01-01',
  });
});
