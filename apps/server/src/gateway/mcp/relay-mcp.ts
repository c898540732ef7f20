import type { IncomingHttpHeaders } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import { EgressRefused } from '../../egress/resolve-target.ts';
import { sendError } from '../anthropic-error.ts';
import type { Call, GatewayContext } from '../gateway-context.ts';

/** What the protocol says in headers; nothing else passes in either direction. */
const TO_SERVER = ['accept', 'content-type', 'mcp-protocol-version', 'mcp-session-id', 'last-event-id'];
const TO_AGENT = ['content-type', 'cache-control', 'mcp-session-id', 'mcp-protocol-version'];

/**
 * Hands a request of an agent on to an MCP server over HTTP and its answer back, as it comes. The address and the
 * credentials are known here and not to the agent.
 */
export async function relayMcp(
  context: GatewayContext,
  call: Call,
  route: { method: 'GET' | 'POST' | 'DELETE'; server: string },
): Promise<void> {
  const { res, principal, signal } = call;
  const { mcp } = context;
  const target = await mcp?.find(principal, route.server);
  if (!mcp || !target) return sendError(res, { status: 404, message: `The agent has no MCP server ${route.server}.` });
  let answer: Dispatcher.ResponseData;
  try {
    answer = await mcp.egress.request(new URL(target.url), {
      method: route.method,
      headers: { ...pick(call.req.headers, TO_SERVER), ...target.headers },
      body: call.body.length > 0 ? call.body : null,
      signal,
      ...(target.timeoutSeconds === null ? {} : { headersTimeout: target.timeoutSeconds * 1000 }),
    });
  } catch (error) {
    if (signal.aborted) throw error;
    const refused = error instanceof EgressRefused;
    context.log.warn(
      { err: refused ? undefined : error, session_id: principal.sessionId, mcp_server: route.server },
      'an MCP server cannot be reached',
    );
    const why = refused ? `may not be reached: its address ${error.message}` : 'cannot be reached';
    return sendError(res, { status: 502, message: `The MCP server ${route.server} ${why}.` });
  }
  // The agent would follow it by itself, past the gateway.
  if (answer.statusCode >= 300 && answer.statusCode < 400) {
    answer.body.destroy();
    return sendError(res, { status: 502, message: `The MCP server ${route.server} redirects, which is not followed.` });
  }
  res.writeHead(answer.statusCode, pick(answer.headers, TO_AGENT));
  res.flushHeaders();
  await pipeline(answer.body, res).catch(() => res.destroy());
}

function pick(headers: IncomingHttpHeaders, names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]];
    }),
  );
}
