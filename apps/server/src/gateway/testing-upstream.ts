/** For tests: an upstream that does as it is told, on plain node:http. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
  /** Resolves when the connection of this request is gone or its answer complete. */
  closed: Promise<void>;
}

export type Act = (res: ServerResponse, seen: SeenRequest) => void | Promise<void>;

export interface FakeUpstream {
  url: string;
  seen: SeenRequest[];
  /** What the next requests are answered with, in this order; the last one stays. */
  play(...acts: Act[]): void;
  close(): Promise<void>;
}

export async function startFakeUpstream(): Promise<FakeUpstream> {
  const seen: SeenRequest[] = [];
  let acts: Act[] = [];
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    res.on('error', () => {});
    const closed = new Promise<void>((resolve) => res.once('close', resolve));
    try {
      for await (const chunk of req) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const one = {
      method: req.method ?? '',
      url: req.url ?? '',
      headers: req.headers,
      body: Buffer.concat(chunks),
      closed,
    };
    seen.push(one);
    const act = acts.length > 1 ? acts.shift() : acts[0];
    if (act) await act(res, one);
    else res.writeHead(500).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    play(...next) {
      acts = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const SSE_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8' };

export function sse(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify({ type: event, ...data })}\n\n`;
}

/** The usage that `MESSAGE` ends with. */
export const MESSAGE_USAGE = {
  inputTokens: 12,
  outputTokens: 41,
  cacheReadInputTokens: 3000,
  cacheCreation5mInputTokens: 500,
  cacheCreation1hInputTokens: 70,
};

/** A message as the provider streams it, event by event. The text has characters of two to four bytes. */
export const MESSAGE: readonly string[] = [
  sse('message_start', {
    message: {
      id: 'msg_01',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5-20250929',
      content: [],
      stop_reason: null,
      usage: {
        input_tokens: 12,
        cache_creation_input_tokens: 570,
        cache_read_input_tokens: 3000,
        cache_creation: { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 70 },
        output_tokens: 1,
      },
    },
  }),
  sse('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  sse('ping', {}),
  sse('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Grüße, 世界 🌍! event: message_stop' } }),
  sse('content_block_delta', {
    index: 0,
    delta: { type: 'text_delta', text: '\r\n\r\ndata: {"type":"message_stop"}\n\n' },
  }),
  sse('content_block_stop', { index: 0 }),
  sse('message_delta', { delta: { stop_reason: null }, usage: { output_tokens: 20 } }),
  sse('message_delta', {
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 41, cache_creation_input_tokens: 570, cache_read_input_tokens: 3000, input_tokens: 12 },
  }),
  sse('message_stop', {}),
];

/** Streams `MESSAGE` and ends. */
export const streamMessage: Act = (res) => {
  res.writeHead(200, { ...SSE_HEADERS, 'request-id': 'req_upstream' });
  for (const event of MESSAGE) res.write(event);
  res.end();
};

/** An error as the provider sends it. */
export function fail(status: number, headers: Record<string, string> = {}, type = 'api_error'): Act {
  return (res) => {
    res.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_failed', ...headers });
    res.end(JSON.stringify({ type: 'error', error: { type, message: `scripted ${status}` } }));
  };
}
