import type { ServerResponse } from 'node:http';
import type { Metrics } from '../../telemetry/metrics.ts';
import { Batcher } from './batcher.ts';
import type { OutgoingSignals, Outlet } from './outgoing-signals.ts';
import { encodeBatch, type NumberedSignal } from './signal-batch.ts';

/** Says that the stream lives. */
const HEARTBEAT_MS = 3_000;
const SESSIONS_MAX = 100_000;
/** What may wait for a node that does not read. Then its stream is cut: it opens another, and reads the logs. */
const UNREAD_MAX_BYTES = 16 * 1024 * 1024;

/** One node's stream: lines of JSON, the first of them `{"stream", "origin"}`, then batches; an empty line is a heartbeat. */
export class SignalStream implements Outlet {
  readonly #options: { id: string; response: ServerResponse; outgoing: OutgoingSignals; metrics: SentMetrics };
  readonly #sessions = new Set<string>();
  readonly #batcher = new Batcher((batches) => this.#write(batches));
  readonly #heartbeat: NodeJS.Timeout;
  readonly #remove: () => void;

  constructor(options: { id: string; response: ServerResponse; outgoing: OutgoingSignals; metrics: SentMetrics }) {
    this.#options = options;
    const { id, response, outgoing } = options;
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    response.write(`${JSON.stringify({ stream: id, origin: outgoing.origin })}\n`);
    this.#heartbeat = setInterval(() => response.write('\n'), HEARTBEAT_MS);
    this.#remove = outgoing.add(this);
  }

  wants(sessionId: string): boolean {
    return this.#sessions.has(sessionId);
  }

  send(sessionId: string, signal: NumberedSignal): void {
    this.#batcher.add(sessionId, signal);
  }

  /** False: those are too many. */
  change(add: Record<string, number>, remove: string[]): boolean {
    for (const sessionId of remove) this.#sessions.delete(sessionId);
    for (const [sessionId, after] of Object.entries(add)) {
      if (this.#sessions.size >= SESSIONS_MAX) return false;
      if (this.#sessions.has(sessionId)) continue;
      this.#sessions.add(sessionId);
      const kept = this.#options.outgoing.deltasAfter(sessionId, after);
      if (kept.length > 0) this.#batcher.add(sessionId, ...kept);
    }
    return true;
  }

  /** Ends it for the node that reads it. */
  end(): void {
    this.#options.response.end();
  }

  /** It has ended. */
  close(): void {
    clearInterval(this.#heartbeat);
    this.#remove();
    this.#batcher.close();
  }

  #write(batches: Map<string, NumberedSignal[]>): void {
    const { response, outgoing, metrics } = this.#options;
    for (const [sessionId, signals] of batches) {
      response.write(`${encodeBatch({ sessionId, origin: outgoing.origin, owner: false, signals })}\n`);
      metrics.signalsPassed('sent', 'node', signals.length);
    }
    if (response.writableLength > UNREAD_MAX_BYTES) response.destroy();
  }
}

type SentMetrics = Pick<Metrics, 'signalsPassed'>;
