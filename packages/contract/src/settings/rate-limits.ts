import { flag, whole } from './forms.ts';

/** How often a caller may come. */
export const rateLimitSettings = {
  RATE_LIMIT_ENABLED: flag.default(true).describe('false: no request is refused for coming too often.'),
  RATE_LIMIT_PER_MINUTE: whole(1, 1_000_000).default(60).describe('Requests to /api/v1 a minute, for each key.'),
  RATE_LIMIT_AGENT_CREATION: whole(1, 1_000_000)
    .default(10)
    .describe('Agents created through /api/v1 a minute, for each key.'),
  RATE_LIMIT_QUERY: whole(1, 1_000_000).default(20).describe('One-shot queries a minute, for each key.'),
  RATE_LIMIT_WORKSPACE_FACTOR: whole(1, 10_000)
    .default(5)
    .describe('All keys of a workspace together may do so many times what one key may.'),
  RATE_LIMIT_V1_CREATES: whole(1, 1_000_000)
    .default(300)
    .describe('Requests to /v1 that change something a minute, for each workspace.'),
  RATE_LIMIT_V1_READS: whole(1, 1_000_000).default(1_200).describe('Reads of /v1 a minute, for each workspace.'),
  RATE_LIMIT_FAILED_AUTH: whole(1, 1_000_000)
    .default(30)
    .describe('Requests without a valid key a minute, for each client address.'),
};
