import { z } from 'zod';
import { UpstreamsJson } from '../upstreams.ts';
import { httpUrl, whole } from './forms.ts';

/** The way to the model. */
export const gatewaySettings = {
  ANTHROPIC_API_KEY: z
    .string()
    .min(1)
    .optional()
    .describe('Key of the upstream. Without it and without ANTHROPIC_BASE_URL the simulator serves.'),
  ANTHROPIC_BASE_URL: httpUrl
    .optional()
    .describe('Any server that speaks the Messages API. Default: https://api.anthropic.com.'),
  UPSTREAMS: UpstreamsJson.optional().describe(
    'JSON array of model providers, asked in this order; see docs/gateway.md. Takes the place of ANTHROPIC_API_KEY.',
  ),
  UPSTREAM_MAX_CONCURRENCY: whole(1, 10_000)
    .default(256)
    .describe('Requests in progress at one upstream, unless it has its own max_concurrency.'),
  UPSTREAM_WORKSPACE_SHARE: whole(1, 100)
    .default(80)
    .describe('Percent of the places of an upstream, and of its queue, that one workspace may hold.'),
  UPSTREAM_QUEUE_LIMIT: whole(0, 10_000)
    .default(256)
    .describe('Requests that may wait for a place at one upstream; more go on to the next one.'),
  UPSTREAM_QUEUE_SECONDS: whole(0, 600)
    .default(10)
    .describe('Seconds a request waits for a place at one upstream before it goes on to the next one.'),
  UPSTREAM_BREAKER_FAILURES: whole(1, 1_000)
    .default(10)
    .describe('Failed attempts in a row after which an upstream is left alone.'),
  UPSTREAM_BREAKER_SECONDS: whole(1, 3_600)
    .default(15)
    .describe('Seconds after which an upstream that is left alone is tried again.'),
  UPSTREAM_FAILOVER_RETRIES: whole(0, 5)
    .default(2)
    .describe('Retries at an upstream while there is another one to go on to; the last one gets five.'),
  UPSTREAM_FAILOVER_SECONDS: whole(1, 3_600)
    .default(660)
    .describe('Seconds after the begin of a model request within which another upstream may still be asked.'),
  UPSTREAM_OUTAGE_SECONDS: whole(0, 86_400)
    .default(900)
    .describe(
      'Seconds for which a turn waits and is tried again while no model provider answers; 0: it fails at once.',
    ),
  DEFAULT_MODEL: z.string().min(1).default('claude-sonnet-5-5').describe('Model of agents that name none.'),
};
