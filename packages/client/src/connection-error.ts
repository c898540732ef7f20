/** The platform could not be reached, or the connection was cut before its answer was complete. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly baseUrl: string;

  constructor(baseUrl: string, cause: unknown) {
    super(`Cannot reach ${baseUrl || 'the platform'}: ${reasonOf(cause)}.`, { cause });
    this.baseUrl = baseUrl;
  }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (code) return String(code);
    if (at.cause === undefined) return at.message;
  }
  return String(error);
}
