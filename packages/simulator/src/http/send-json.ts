import { type ErrorStatus, errorBody } from './api-error.ts';
import { type Exchange, standardHeaders } from './exchange.ts';

export function sendJson(exchange: Exchange, status: number, body: object, headers: Record<string, string> = {}): void {
  const text = JSON.stringify(body);
  exchange.response.writeHead(status, {
    ...standardHeaders(exchange),
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  exchange.response.end(exchange.request.method === 'HEAD' ? undefined : text);
}

export function sendError(
  exchange: Exchange,
  status: ErrorStatus,
  message: string,
  headers: Record<string, string> = {},
): void {
  sendJson(exchange, status, errorBody(status, message, exchange.requestId), headers);
}
