export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

// PostgreSQL cuts longer identifiers off, so that two names could become one.
const MAX_NAME_BYTES = 63;

/**
 * A statement that each connection parses and plans once: `pool.query({ ...append, values })`. The name has to be
 * unique to its text.
 */
export function sql(name: string, text: string): PreparedStatement {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw new RangeError(`statement name too long: ${name}`);
  return { name, text };
}
