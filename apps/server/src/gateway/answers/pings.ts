import type { ServerResponse } from 'node:http';

const PING = 'event: ping\ndata: {"type":"ping"}\n\n';
const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

/**
 * Keeps a streaming client patient while it waits for its first byte: from the first ping on its answer is a 200, and a
 * failure can only be an event. `stop` before anything else is written.
 */
export function startPings(res: ServerResponse, everyMs: number): { stop(): void } {
  const timer = setInterval(() => {
    if (res.destroyed || res.writableEnded) return;
    if (!res.headersSent) res.writeHead(200, STREAM_HEADERS);
    // A client that does not even take pings gets no more of them.
    if (!res.writableNeedDrain) res.write(PING);
  }, everyMs);
  return { stop: () => clearInterval(timer) };
}
