/** The server cannot start. The message is one sentence for the operator: what is wrong and what to do about it. */
export class StartupError extends Error {
  override name = 'StartupError';

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
  }
}
