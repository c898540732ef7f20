import { createInterface } from 'node:readline/promises';
import type { Client } from '@aaas/client/create-client';
import { oneLine, shorten } from '../output/one-line.ts';
import { describeInput } from './describe-tool.ts';

/** Puts a question to the person at the terminal. */
export type Question = (text: string, options: { signal: AbortSignal }) => Promise<string>;

const INPUT_SHOWN = 400;

/** Lets the person who watches a turn answer what it asks. Somebody else may be quicker: then the question is dropped. */
export class ApprovalPrompts {
  readonly #client: Client;
  readonly #note: (message: string) => void;
  readonly #question: Question | null;
  readonly #asked = new Map<string, AbortController>();
  #tail: Promise<void> = Promise.resolve();

  /** @param question null: nobody is there to be asked; a note says how to answer. */
  constructor(client: Client, note: (message: string) => void, question: Question | null) {
    this.#client = client;
    this.#note = note;
    this.#question = question;
  }

  /** The turn now waits for these, and for nothing else. */
  waitsFor(ids: readonly string[]): void {
    for (const [id, dropped] of this.#asked) if (!ids.includes(id)) dropped.abort();
    for (const id of ids) {
      if (this.#asked.has(id)) continue;
      const dropped = new AbortController();
      this.#asked.set(id, dropped);
      this.#tail = this.#tail
        .then(() => this.#ask(id, dropped.signal))
        .catch((error: Error) => {
          if (!dropped.signal.aborted) this.#note(`${id} is not answered: ${oneLine(error.message)}`);
        });
    }
  }

  async #ask(id: string, signal: AbortSignal): Promise<void> {
    const { tool, input, status } = await this.#client.approvals.get(id);
    if (status !== 'open' || signal.aborted) return;
    const what = shorten(
      `${oneLine(tool)}: ${describeInput(tool, (input ?? {}) as Record<string, unknown>)}`,
      INPUT_SHOWN,
    );
    if (!this.#question) {
      this.#note(`it waits for an approval of ${what}; answer with: aaas approve ${id} or aaas deny ${id}`);
      return;
    }
    this.#note(`it asks whether it may run ${what}`);
    for (;;) {
      const answer = (await this.#question('y: yes, once · n: no · n <why>: no, and why › ', { signal })).trim();
      if (/^y(es)?$/i.test(answer)) {
        await this.#client.approvals.decide(id, { decision: 'allow' });
        return;
      }
      const no = /^no?(?:\s+(.+))?$/i.exec(answer);
      if (no) {
        await this.#client.approvals.decide(id, { decision: 'deny', ...(no[1] && { message: no[1] }) });
        return;
      }
    }
  }
}

/** Asks at the terminal; null when this is none. For a command that does not read from it otherwise. */
export function terminalQuestion(): Question | null {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  return async (text, options) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    // While it reads, the terminal hands Ctrl-C to it.
    lines.on('SIGINT', () => process.emit('SIGINT'));
    try {
      return await lines.question(text, options);
    } finally {
      lines.close();
    }
  };
}
