import type { ContentBlock, LogEvent } from '@aaas/client/events/log-event';
import { describeInput, describeResult } from '../turn/describe-tool.ts';
import { oneLine, shorten } from './one-line.ts';
import { style } from './style.ts';

const WIDTH_WITHOUT_TERMINAL = 160;
const TYPE_WIDTH = 28;
const HEAD_WIDTH = 6 + 2 + 8 + 2 + TYPE_WIDTH + 1;
const NARROWEST = 20;

/** An event on one line: its sequence, its time, its type and the gist of it. */
export function formatEvent(event: LogEvent): string {
  const time = event.processed_at === null ? '--:--:--' : new Date(event.processed_at).toTimeString().slice(0, 8);
  const head = `${String(event.seq).padStart(6)}  ${time}`;
  const width = Math.max((process.stdout.columns ?? WIDTH_WITHOUT_TERMINAL) - HEAD_WIDTH, NARROWEST);
  const gist = shorten(oneLine(gistOf(event)), width);
  return `${style('dim', head)}  ${event.type.padEnd(TYPE_WIDTH)} ${gist}`.trimEnd();
}

function gistOf(event: LogEvent): string {
  switch (event.type) {
    case 'user.message':
    case 'agent.message':
      return textOf(event.content);
    case 'agent.mcp_tool_use':
      return `${event.mcp_server_name}.${event.name}  ${describeInput(event.name, event.input)}`;
    case 'agent.tool_use':
      return `${event.name}  ${describeInput(event.name, event.input)}`;
    case 'agent.mcp_tool_result':
    case 'agent.tool_result': {
      const { lines, more } = describeResult(event, 1);
      return `${event.is_error ? 'error: ' : ''}${lines.join(' ')}${more === 0 ? '' : ` … ${more} more`}`;
    }
    case 'x.mcp_server_failed':
    case 'x.budget_exceeded':
    case 'x.permission_denied':
      return event.message;
    case 'x.budget_warning':
      return `${event.threshold} % of the budget of the ${event.scope} (${event.period}) is spent`;
    case 'x.lifecycle':
      return `${event.from} → ${event.to}: ${event.reason}${event.detail === null ? '' : ` (${event.detail})`}`;
    case 'x.first_token':
      return `${Math.round(event.first_token_ms)} ms`;
    case 'session.error':
      return event.error.message;
    case 'session.status_idle':
      return [event.stop_reason.type, ...(event.stop_reason.event_ids ?? [])].join(' ');
    case 'user.tool_confirmation':
      return `${event.result} ${event.tool_use_id}${event.deny_message ? `: ${event.deny_message}` : ''}`;
    case 'span.model_request_end':
      return `${event.model_usage.input_tokens ?? 0} tokens in, ${event.model_usage.output_tokens ?? 0} out`;
    default:
      return '';
  }
}

function textOf(content: ContentBlock[]): string {
  return content.map((block) => (block.type === 'text' ? block.text : '[image]')).join(' ');
}
