import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request and its answer, under the id that both its headers and its error body show. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
}

export function openExchange(request: IncomingMessage, response: ServerResponse): Exchange {
  return { request, response, requestId: newId('req') };
}

/** An id as Anthropic forms them, with `sim` in it: whoever meets one in a log knows where it came from. */
export function newId(prefix: 'req' | 'msg' | 'toolu'): string {
  return `${prefix}_sim${randomUUID().replaceAll('-', '')}`;
}

/** The headers of every answer. Nobody shall take a simulated answer for one of a model. */
export function standardHeaders(exchange: Exchange): Record<string, string> {
  return { 'request-id': exchange.requestId, 'x-aaas-simulated': 'true' };
}
