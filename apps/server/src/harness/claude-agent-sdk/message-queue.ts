import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';

/** The messages that go into a live process: an async iterable that is fed from outside. */
export class MessageQueue implements AsyncIterable<SDKUserMessage> {
  readonly #waiting: SDKUserMessage[] = [];
  #ended = false;
  #wake: () => void = () => {};

  send(message: SDKUserMessage): void {
    this.#waiting.push(message);
    this.#wake();
  }

  /** No more will come: the process ends by itself when it is idle. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<SDKUserMessage> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message) yield message;
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
