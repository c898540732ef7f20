import { expect, it } from 'vitest';
import { resolveSettings } from './resolve-settings.ts';

const problemsOf = (values: Record<string, string>) =>
  resolveSettings([{ source: 'environment', values }]).problems.map(({ name }) => name);

it('takes proxies by address and network alone', () => {
  for (const good of ['false', '10.0.0.0/8', '127.0.0.1, ::1', 'fd00::/8'])
    expect(problemsOf({ TRUST_PROXY: good })).toEqual([]);
  for (const bad of ['true', '1', '10', '10/8', '10.0.0.0/99', '10.0.0.1,', 'proxy.example.com', '1.2.3.4:80']) {
    expect([bad, ...problemsOf({ TRUST_PROXY: bad })]).toEqual([bad, 'TRUST_PROXY']);
  }
});

it('opens the API to every origin in development alone', () => {
  expect(problemsOf({ ALLOWED_ORIGINS: '*' })).toEqual(['ALLOWED_ORIGINS']);
  expect(problemsOf({ ALLOWED_ORIGINS: '*', ENVIRONMENT: 'development' })).toEqual([]);
  expect(problemsOf({ ALLOWED_ORIGINS: 'https://a.example, http://[::1]:3000' })).toEqual([]);
  for (const bad of ['a.example', 'https://a.example/', 'https://*.example', 'null']) {
    expect([bad, ...problemsOf({ ALLOWED_ORIGINS: bad })]).toEqual([bad, 'ALLOWED_ORIGINS']);
  }
});
