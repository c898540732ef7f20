import { once } from 'node:events';
import type { FastifyReply } from 'fastify';

const PING_MS = 15_000;

/** A stream of server-sent events to one client. */
export interface EventStream {
  /** Aborted when the client has gone, or when the server ends. */
  readonly signal: AbortSignal;
  /** Writes one frame and resolves when the client's connection can take more. */
  send(frame: { event: string; data: string; id?: number }): Promise<void>;
  /** A frame that says nothing. With an id: the place from which a client that comes back goes on. */
  ping(id?: number): void;
  end(): void;
}

/** Turns a reply into an event stream. Headers go out at once; a `ping` event follows each 15 s of silence. */
export function openEventStream(reply: FastifyReply, closing: AbortSignal): EventStream {
  reply.recordStream();
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  raw.flushHeaders();
  const gone = new AbortController();
  raw.once('close', () => gone.abort());
  raw.on('error', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, closing]);
  const ping = (id?: number) => {
    if (raw.writableNeedDrain || raw.writableEnded) return;
    raw.write(`${idLine(id)}event: ping\ndata: {"type":"ping","at":"${new Date().toISOString()}"}\n\n`);
  };
  const timer = setInterval(() => ping(), PING_MS);
  const stop = () => clearInterval(timer);
  signal.addEventListener('abort', stop);

  return {
    signal,
    send: async ({ event, data, id }) => {
      if (gone.signal.aborted) return;
      const taken = raw.write(`${idLine(id)}event: ${event}\ndata: ${data}\n\n`);
      if (!taken) await once(raw, 'drain', { signal: gone.signal }).catch(() => {});
    },
    ping,
    end: () => {
      stop();
      raw.end();
    },
  };
}

function idLine(id: number | undefined): string {
  return id === undefined ? '' : `id: ${id}\n`;
}
