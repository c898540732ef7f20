import type { Logger } from 'pino';
import { clientNetwork } from '../limits/client-network.ts';

const SAID_EACH_MS = 60_000;
/** Those beyond are counted together. */
const NETWORKS_MAX = 100;
const OTHERS = 'others';

/**
 * Says that calls were refused, in one line for each network and minute: whoever reaches the port must not fill the
 * log. The first call of a network is said at once, those after it as a count at the end of the minute.
 */
export class RefusalLog {
  readonly #log: Logger;
  readonly #unsaid = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(log: Logger) {
    this.#log = log;
    this.#timer = setInterval(() => this.#sayCounts(), SAID_EACH_MS).unref();
  }

  refused(address: string | undefined): void {
    const network = clientNetwork(address);
    const from = this.#unsaid.has(network) || this.#unsaid.size < NETWORKS_MAX ? network : OTHERS;
    const unsaid = this.#unsaid.get(from);
    this.#unsaid.set(from, unsaid === undefined ? 0 : unsaid + 1);
    if (unsaid === undefined) this.#log.warn({ from }, 'a call that is not of this fleet was refused');
  }

  close(): void {
    clearInterval(this.#timer);
    this.#sayCounts();
  }

  /** A network of which nothing came meanwhile is forgotten: its next call is said at once again. */
  #sayCounts(): void {
    for (const [from, calls] of this.#unsaid) {
      if (calls === 0) this.#unsaid.delete(from);
      else {
        this.#unsaid.set(from, 0);
        this.#log.warn({ from, calls }, 'more calls that are not of this fleet were refused');
      }
    }
  }
}
