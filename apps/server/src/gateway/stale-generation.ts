import type { GatewayError } from './anthropic-error.ts';

export const STALE: GatewayError = {
  status: 403,
  message: 'This process no longer owns its session: the session is gone, or another process took it over.',
};

/** A session was taken over while one of its requests waited for its next attempt. */
export class StaleGeneration extends Error {
  override readonly name = 'StaleGeneration';
}
