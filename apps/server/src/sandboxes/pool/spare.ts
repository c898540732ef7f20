/** A process that waits to be claimed. Whoever takes one owns it. */
export interface Spare<Exit = unknown> {
  readonly id: string;
  readonly pid: number | null;
  readonly exited: Promise<Exit>;
  /** Resolves when it answers; rejects when it does not in time. */
  probe(): Promise<void>;
  /** Ends it with all that belongs to it; resolves when it is gone. */
  end(): Promise<void>;
}
