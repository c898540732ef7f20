import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { OutgoingSignals } from './outgoing-signals.ts';
import { BadBody, readInterest } from './read-interest.ts';
import { SignalStream } from './signal-stream.ts';

/** Of the service. `GET` opens a stream of signals, `POST <path>/<stream>` changes which sessions it is of. */
export const SIGNALS_PATH = '/signals';

/** Streams that are open at once: one for each other node, and those that it has lost without our knowing. */
const STREAMS_MAX = 1_000;

/** The side of the owner: what is published here goes to the nodes that ask for it. */
export interface SignalServer {
  /** Whoever calls it has made sure that a node of this platform asks, and has taken the path of the service off. */
  serve(request: IncomingMessage, response: ServerResponse): void;
  /** Ends all streams. */
  close(): void;
}

export function serveSignals(options: {
  outgoing: OutgoingSignals;
  metrics: Pick<Metrics, 'signalsPassed'>;
}): SignalServer {
  const { outgoing, metrics } = options;
  const streams = new Map<string, SignalStream>();

  function open(response: ServerResponse): void {
    if (streams.size >= STREAMS_MAX) {
      answer(response, 503);
      return;
    }
    const id = randomUUID();
    const stream = new SignalStream({ id, response, outgoing, metrics });
    streams.set(id, stream);
    response.once('close', () => {
      streams.delete(id);
      stream.close();
    });
  }

  async function change(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { add, remove } = await readInterest(request);
      // Whose stream has ended opens another.
      const stream = streams.get(id);
      answer(response, !stream ? 404 : stream.change(add, remove) ? 204 : 413);
    } catch (error) {
      answer(response, error instanceof BadBody ? 400 : 500);
    }
  }

  return {
    serve(request, response) {
      const path = request.url ?? '/';
      if (request.method === 'GET' && path === '/') open(response);
      else if (request.method === 'POST') void change(path.slice(1), request, response);
      else answer(response, 404);
    },
    close() {
      for (const stream of streams.values()) stream.end();
    },
  };
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}
