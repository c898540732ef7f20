import type { Exchange } from '../http/exchange.ts';
import { readBody } from '../http/read-body.ts';
import { planReply } from '../reply/plan-reply.ts';
import { inputTokens } from '../request/estimate-tokens.ts';
import { parseMessageRequest } from '../request/parse-message-request.ts';
import type { FaultCounters } from '../script/fault-counters.ts';
import { sendReply } from '../send/send-reply.ts';

/** `POST /v1/messages` */
export async function createMessage(exchange: Exchange, counters: FaultCounters): Promise<void> {
  const request = parseMessageRequest(await readBody(exchange.request));
  const asked = { model: request.model, inputTokens: inputTokens(request), stream: request.stream === true };
  await sendReply(exchange, planReply(request, counters), asked);
}
