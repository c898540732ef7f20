/** What was waited for did not come: time is up, or it cannot come any more. */
export class NotReachedError extends Error {
  override readonly name = 'NotReachedError';
  /** How it stood at the end. */
  readonly status: string;

  constructor(message: string, status: string) {
    super(message);
    this.status = status;
  }
}
