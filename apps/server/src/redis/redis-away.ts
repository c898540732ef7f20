/** Redis does not answer, or not as it should: whatever was asked of it has to come from elsewhere. */
export class RedisAway extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RedisAway';
  }
}

export type RedisFailure = 'timeout' | 'connection' | 'reply';

/** A command was not answered in time. */
export class RedisTimeout extends Error {}

export function failureOf(error: unknown): RedisFailure {
  if (error instanceof RedisTimeout) return 'timeout';
  return error instanceof Error && error.name === 'ReplyError' ? 'reply' : 'connection';
}
