import type { MessageRequest } from '../request/message-request.ts';
import { ownMessages } from '../request/own-messages.ts';
import { recogniseSideRequest } from '../request/recognise-side-request.ts';
import type { FaultCounters } from '../script/fault-counters.ts';
import { findScript } from '../script/find-script.ts';
import { runScript } from '../script/run-script.ts';
import { answerSideRequest } from './answer-side-request.ts';
import { defaultReply } from './default-reply.ts';
import { type Reply, textReply } from './reply.ts';

/** What to answer. All that the simulator decides is decided here, from the request and the fault counters alone. */
export function planReply(request: MessageRequest, counters: FaultCounters): Reply {
  const side = recogniseSideRequest(request);
  if (side !== undefined) return answerSideRequest(side, request);
  const own = ownMessages(request.messages);
  const script = findScript(own.at(-1)?.text ?? '');
  if (script !== undefined) return runScript(script, request, own, counters);
  return textReply(defaultReply(own));
}
