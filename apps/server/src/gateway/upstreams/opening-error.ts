const STATUS_OF: Record<string, number> = { overloaded_error: 529, rate_limit_error: 429, api_error: 500 };
const OPENING = 'event: error';
const MAX_OPENING_BYTES = 4096;

/**
 * The status that an error at the very start of a stream stands for, or null when the stream starts otherwise.
 * A provider that is overloaded after it has sent its 200 says so in this way; nothing was passed on yet, so it may be
 * tried again like the same error before the headers.
 */
export function openingError(first: Buffer): number | null {
  if (first.length > MAX_OPENING_BYTES || first.toString('latin1', 0, OPENING.length) !== OPENING) return null;
  const type = /"type"\s*:\s*"([a-z_]+_error)"/.exec(first.toString('utf8'))?.[1];
  return (type !== undefined && STATUS_OF[type]) || null;
}
