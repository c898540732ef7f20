/**
 * Session-level advisory locks of the platform, as the two-integer form `pg_advisory_lock(space, key)`.
 * One list, so that two parts can never take the same key for different things. The space is 'aaas' in ASCII.
 */
export const LOCK_SPACE = 0x61616173;

export const LOCK_KEYS = {
  /** Held by the one server process that owns the embedded database. */
  embeddedOwner: 1,
  /** Held while migrations run. */
  migrations: 2,
} as const;
