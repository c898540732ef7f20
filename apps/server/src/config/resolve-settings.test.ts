import { expect, it } from 'vitest';
import { resolveSettings } from './resolve-settings.ts';

it('takes the strongest layer, then the profile of the environment, then the default', () => {
  const { settings, sources } = resolveSettings([
    { source: 'live', values: { AGENT_TIMEOUT: '60' } },
    { source: 'environment', values: { ENVIRONMENT: 'staging', AGENT_TIMEOUT: '50', LOG_LEVEL: '' } },
    { source: '.env', values: { AGENT_TIMEOUT: '40', DRAIN_TIMEOUT: '3' } },
  ]);
  expect(settings).toMatchObject({
    AGENT_TIMEOUT: 60,
    DRAIN_TIMEOUT: 3,
    MAX_AGENTS: 50,
    LOG_LEVEL: 'info',
    PORT: 8000,
  });
  expect(sources).toMatchObject({
    AGENT_TIMEOUT: 'live',
    ENVIRONMENT: 'environment',
    DRAIN_TIMEOUT: '.env',
    MAX_AGENTS: 'profile',
    PORT: 'default',
    DATABASE_URL: 'unset',
  });
});

it.each([
  ['development', 10, 'debug'],
  ['staging', 50, 'info'],
  ['production', 100, 'warn'],
] as const)('has the profile %s', (environment, agents, level) => {
  const { settings } = resolveSettings([{ source: 'environment', values: { ENVIRONMENT: environment } }]);
  expect(settings).toMatchObject({ MAX_AGENTS: agents, LOG_LEVEL: level, REQUIRE_API_KEY: true });
});

it.each([
  ['redis://:pass%2Fword@cache.internal:6379/2', true],
  ['rediss://user:password@cache.internal', true],
  ['http://cache.internal', false],
  ['cache.internal:6379', false],
  ['redis://:pass/word@cache.internal', false],
])('takes an address of a Redis, or says what one looks like: %s', (address, good) => {
  const { problems } = resolveSettings([{ source: 'environment', values: { REDIS_URL: address } }]);
  if (good) expect(problems).toEqual([]);
  else expect(problems).toMatchObject([{ name: 'REDIS_URL', message: expect.stringMatching(/^must be redis:\/\//) }]);
});

it('names every problem, also one between two settings', () => {
  const many = resolveSettings([{ source: 'environment', values: { PORT: 'x', LOG_LEVEL: 'loud' } }]);
  expect(many.settings).toBeNull();
  expect(many.problems.map(({ name }) => name)).toEqual(['PORT', 'LOG_LEVEL']);
  const together = resolveSettings([{ source: 'environment', values: { REQUIRE_API_KEY: 'false' } }]);
  expect(together.problems).toMatchObject([{ name: 'REQUIRE_API_KEY' }]);
});
