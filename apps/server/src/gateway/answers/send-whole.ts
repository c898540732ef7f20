import type { ServerResponse } from 'node:http';

/** Sends an answer in one piece. Errors are final: retries were ours, and the client is told to make none. */
export function sendWhole(
  res: ServerResponse,
  status: number,
  headers: Record<string, string | string[]>,
  body: Buffer,
): void {
  if (res.headersSent || res.destroyed) return;
  const final = status >= 400 ? { 'x-should-retry': 'false' } : {};
  res.writeHead(status, { ...headers, ...final, 'content-length': body.length });
  res.end(body);
}
