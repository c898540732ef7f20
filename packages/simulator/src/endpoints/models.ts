import { ApiError } from '../http/api-error.ts';
import type { Exchange } from '../http/exchange.ts';
import { sendJson } from '../http/send-json.ts';

/** A few names, for clients that ask what there is. `/v1/messages` answers under any name. */
const MODELS = [
  { id: 'claude-opus-5-5', name: 'Claude Opus 5.5', line: 'opus' },
  { id: 'claude-sonnet-5-5', name: 'Claude Sonnet 5.5', line: 'sonnet' },
  { id: 'claude-sonnet-4-5', name: 'Claude Sonnet 4.5', line: 'sonnet' },
  { id: 'claude-haiku-4-5', name: 'Claude Haiku 4.5', line: 'haiku' },
  { id: 'claude-3-5-haiku-20241022', name: 'Claude Haiku 3.5', line: 'haiku' },
].map(({ id, name, line }) => ({
  type: 'model',
  id,
  display_name: `${name} (simulated)`,
  line,
  lifecycle: 'active',
  // The API's own value for "unknown": the simulator knows nothing about the models behind the names.
  created_at: '1970-01-01T00:00:00Z',
  deprecated_at: null,
  retires_at: null,
  max_input_tokens: null,
  max_tokens: null,
  capabilities: null,
}));

/** `GET /v1/models`: all of them are one page. */
export function listModels(exchange: Exchange): void {
  sendJson(exchange, 200, { data: MODELS, has_more: false, first_id: MODELS[0]?.id, last_id: MODELS.at(-1)?.id });
}

/** `GET /v1/models/{id}` */
export function retrieveModel(exchange: Exchange, id: string): void {
  const model = MODELS.find((known) => known.id === id);
  if (model === undefined) throw new ApiError(404, `model: ${id}`);
  sendJson(exchange, 200, model);
}
