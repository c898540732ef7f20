import { mcpToolName, parseMcpTool } from '@aaas/contract/mcp';
import { draftEvent, type EventDraft } from './draft-event.ts';

/** The types of events in which a tool call is begun and answered; tools of MCP servers have their own. */
export const TOOL_USE_TYPES: readonly string[] = ['agent.tool_use', 'agent.mcp_tool_use'];
export const TOOL_RESULT_TYPES: readonly string[] = ['agent.tool_result', 'agent.mcp_tool_result'];

/** A call in the log: the id of its event, and the tool by the name that the model calls it. */
export interface LoggedCall {
  eventId: string;
  name: string;
}

export function toolUseEvent(
  call: LoggedCall,
  body: { input: unknown; evaluated_permission?: string },
  ref: string,
): EventDraft {
  const mcp = parseMcpTool(call.name);
  const options = { id: call.eventId, ref };
  if (!mcp) return draftEvent('agent.tool_use', { name: call.name, ...body }, options);
  return draftEvent('agent.mcp_tool_use', { mcp_server_name: mcp.server, name: mcp.tool, ...body }, options);
}

export function toolResultEvent(
  call: LoggedCall,
  body: { content: unknown; is_error: boolean },
  ref?: string,
): EventDraft {
  const options = ref === undefined ? {} : { ref };
  return parseMcpTool(call.name)
    ? draftEvent('agent.mcp_tool_result', { mcp_tool_use_id: call.eventId, ...body }, options)
    : draftEvent('agent.tool_result', { tool_use_id: call.eventId, ...body }, options);
}

/** The id of the call that a result answers; null for every other event. */
export function answeredCall(type: string, body: Record<string, unknown>): string | null {
  if (!TOOL_RESULT_TYPES.includes(type)) return null;
  return String(body.mcp_tool_use_id ?? body.tool_use_id);
}

/** The tool of a logged call by the name that the model calls it. */
export function calledName(body: { name: string; mcp_server_name?: string }): string {
  return body.mcp_server_name === undefined ? body.name : mcpToolName(body.mcp_server_name, body.name);
}
