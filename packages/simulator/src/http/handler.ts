import type { RequestListener } from 'node:http';
import { LIMITS } from '../limits.ts';
import { FaultCounters } from '../script/fault-counters.ts';
import { ApiError } from './api-error.ts';
import { authorize } from './authorize.ts';
import { type Exchange, openExchange } from './exchange.ts';
import { route } from './route.ts';
import { sendError } from './send-json.ts';

/** Answers every request of one simulator, whatever happens in an Anthropic error shape. */
export function handler(apiKeys: readonly string[] | undefined): RequestListener {
  const counters = new FaultCounters();
  let active = 0;
  return (request, response) => {
    active++;
    response.once('close', () => active--);
    // A client that goes away is no error of ours: what is written to it then is lost silently.
    response.on('error', () => {});
    void answer(openExchange(request, response), async (exchange) => {
      if (active > LIMITS.requests) throw new ApiError(529, 'The simulator has too many requests in progress.');
      authorize(request, apiKeys);
      await route(exchange, counters);
    });
  };
}

async function answer(exchange: Exchange, handle: (exchange: Exchange) => Promise<void>): Promise<void> {
  try {
    await handle(exchange);
  } catch (error) {
    if (exchange.response.headersSent) return void exchange.response.destroy();
    if (error instanceof ApiError) return sendError(exchange, error.status, error.message);
    // The client's own going away ends here too; then nobody reads this answer.
    sendError(exchange, 500, `The simulator failed: ${(error as Error).message}`);
  }
}
