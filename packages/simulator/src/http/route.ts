import { countTokens } from '../endpoints/count-tokens.ts';
import { createMessage } from '../endpoints/create-message.ts';
import { listModels, retrieveModel } from '../endpoints/models.ts';
import type { FaultCounters } from '../script/fault-counters.ts';
import { ApiError } from './api-error.ts';
import type { Exchange } from './exchange.ts';
import { sendJson } from './send-json.ts';

/** The endpoints. A query such as `?beta=true` changes nothing. */
export async function route(exchange: Exchange, counters: FaultCounters): Promise<void> {
  const { method = 'GET', url = '/' } = exchange.request;
  const path = url.split('?', 1)[0] ?? '/';
  const reads = method === 'GET' || method === 'HEAD';
  if (method === 'POST' && path === '/v1/messages') return createMessage(exchange, counters);
  if (method === 'POST' && path === '/v1/messages/count_tokens') return countTokens(exchange);
  if (reads && path === '/v1/models') return listModels(exchange);
  if (reads && path.startsWith('/v1/models/')) return retrieveModel(exchange, path.slice('/v1/models/'.length));
  if (reads && (path === '/' || path === '/api/hello')) {
    return sendJson(exchange, 200, { message: 'This is the AaaS simulator: a Messages API without a model.' });
  }
  throw new ApiError(404, `${method} ${path}: the simulator has no such endpoint`);
}
