import type { Dispatcher } from 'undici';

/** What waits in memory before the upstream is asked to pause. */
const HIGH_WATER_BYTES = 64 * 1024;

/**
 * The body of an answer, chunk by chunk as it comes off the socket. Unlike a Readable it yields everything that arrived
 * before a break, and only then the break: what the last chunks said of the usage is not lost.
 */
export class UpstreamBody implements AsyncIterableIterator<Buffer> {
  readonly #controller: Dispatcher.DispatchController;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(controller: Dispatcher.DispatchController) {
    this.#controller = controller;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= HIGH_WATER_BYTES) this.#controller.pause();
    this.#rouse();
  }

  end(): void {
    this.#ended = true;
    this.#rouse();
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.#rouse();
  }

  /** One reader only. */
  async next(): Promise<IteratorResult<Buffer, undefined>> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) {
        this.#bytes -= chunk.length;
        if (this.#bytes < HIGH_WATER_BYTES && this.#controller.paused) this.#controller.resume();
        return { done: false, value: chunk };
      }
      if (this.#ended) return { done: true, value: undefined };
      if (this.#error) throw this.#error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Gives up what has not arrived yet, and with it the connection when the answer has not ended. */
  cancel(reason = new Error('the rest of the answer is not wanted')): void {
    if (this.#ended || this.#error) return;
    this.fail(reason);
    this.#controller.abort(reason);
  }

  async return(): Promise<IteratorResult<Buffer, undefined>> {
    this.cancel();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #rouse(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
