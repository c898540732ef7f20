/** What was opened, closed in reverse order: each part may rely on those opened before it until it is gone. */
export class Closers {
  readonly #closers: { name: string; close: () => Promise<unknown> }[] = [];

  add(name: string, close: () => Promise<unknown>): void {
    this.#closers.push({ name, close });
  }

  /** Closes everything, also when one of them fails. @throws the failures together. */
  async closeAll(): Promise<void> {
    const failures: Error[] = [];
    for (let next = this.#closers.pop(); next; next = this.#closers.pop()) {
      try {
        await next.close();
      } catch (error) {
        failures.push(new Error(`failed to close ${next.name}`, { cause: error }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, failures.map((failure) => failure.message).join('; '));
  }
}
