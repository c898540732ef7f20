import type { Exchange } from '../http/exchange.ts';
import { readBody } from '../http/read-body.ts';
import { sendJson } from '../http/send-json.ts';
import { inputTokens } from '../request/estimate-tokens.ts';
import { parseMessageRequest } from '../request/parse-message-request.ts';

/** `POST /v1/messages/count_tokens`: exactly what `usage.input_tokens` of the same request would say. */
export async function countTokens(exchange: Exchange): Promise<void> {
  const request = parseMessageRequest(await readBody(exchange.request));
  sendJson(exchange, 200, { input_tokens: inputTokens(request) });
}
