import { LIMITS } from '../limits.ts';
import { defaultReply } from '../reply/default-reply.ts';
import { type Reply, textReply } from '../reply/reply.ts';
import { lastToolResult } from '../request/last-tool-result.ts';
import type { MessageRequest } from '../request/message-request.ts';
import type { OwnMessage } from '../request/own-messages.ts';
import { applyFaults } from './apply-faults.ts';
import { composeResponse, type ScriptContext } from './compose-response.ts';
import { conversationKey } from './conversation-key.ts';
import type { FaultCounters } from './fault-counters.ts';
import { parseScript } from './parse-script.ts';
import { readProgress } from './progress.ts';
import { skipDelivered } from './skip-delivered.ts';

/** The response that the script of the last own message asks for, at the point which the conversation has reached. */
export function runScript(
  json: string,
  request: MessageRequest,
  own: readonly OwnMessage[],
  counters: FaultCounters,
): Reply {
  const script = parseScript(json);
  if ('problem' in script) return textReply(`The simulate script cannot be run: ${script.problem}.`);
  const { steps } = script;
  const scripted = own.at(-1)?.index ?? 0;
  const progress = readProgress(steps, request.messages.slice(scripted));
  const context: ScriptContext = {
    offered: request.tool_choice?.type === 'none' ? [] : (request.tools ?? []).flatMap(({ name }) => name ?? []),
    expand: expander(own.length, request),
    defaultText: defaultReply(own),
  };
  const again = progress.repeats.flatMap((index) => steps[index] ?? []).map((step) => ({ ...step, parallel: true }));
  const whole =
    again.length > 0 ? composeResponse(again, 0, context) : composeResponse(steps, progress.position, context);
  const rest = skipDelivered(whole, progress.delivered);
  const conversation = rest.items.some((item) => 'fault' in item) ? conversationKey(request, own) : '';
  return withText(applyFaults(rest, counters, conversation), context.defaultText);
}

/** A turn never ends without text, not even one that was asked to go on when all its text had been delivered. */
function withText(reply: Reply, text: string): Reply {
  const says = reply.parts.some((part) => part.kind === 'text' || part.kind === 'tool');
  if (says || reply.ending.kind !== 'complete') return reply;
  return { ...reply, parts: [...reply.parts, { kind: 'text', text }] };
}

/** Fills in `{{n}}` and `{{tool_result}}`. */
function expander(n: number, request: MessageRequest): (text: string) => string {
  let result: string | undefined;
  let left: number = LIMITS.expandedCharacters;
  return (text) =>
    text.replaceAll(/\{\{(n|tool_result)\}\}/g, (_, name: string) => {
      if (name === 'n') return String(n);
      result ??= lastToolResult(request.messages);
      const value = result.slice(0, left);
      left -= value.length;
      return value;
    });
}
