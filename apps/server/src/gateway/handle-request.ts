import type { IncomingMessage, ServerResponse } from 'node:http';
import { addLogFields, withLogFields } from '../telemetry/log-context.ts';
import type { Place } from './admission.ts';
import { type GatewayError, sendError } from './anthropic-error.ts';
import { UNCLAIMED } from './cells.ts';
import type { OpenDoor } from './doors/door.ts';
import type { Call, GatewayContext } from './gateway-context.ts';
import { relayMcp } from './mcp/relay-mcp.ts';
import type { Principal } from './principal.ts';
import { readBody } from './read-body.ts';
import { BAD_TOKEN, NO_TOKEN, NOT_FOUND, NOT_YOURS } from './refusals.ts';
import { relayMessage } from './relay-message.ts';
import { relayPlain } from './relay-plain.ts';
import { type Route, routeOf } from './routes.ts';
import { STALE, StaleGeneration } from './stale-generation.ts';
import { type TokenClaim, tokenOf, verifyToken } from './tokens.ts';

const NO_DATABASE: GatewayError = {
  status: 503,
  message: 'The session cannot be checked now; try again later.',
  unfit: true,
};
const INTERNAL: GatewayError = { status: 500, message: 'The model gateway failed.' };

/** Serves one request. Never rejects; resolves when all that belongs to it is done, its ledger row included. */
export async function handleRequest(
  context: GatewayContext,
  req: IncomingMessage,
  res: ServerResponse,
  closing: AbortSignal,
  door?: OpenDoor,
): Promise<void> {
  const route = routeOf(req.method, req.url);
  if (route.kind === 'unknown') return sendError(res, NOT_FOUND);
  if (route.kind === 'alive') {
    res.writeHead(200, { 'content-length': 0 }).end();
    return;
  }
  const token = tokenOf(req.headers);
  const named = token === null ? null : verifyToken(context.tokenSecret, token);
  if (!named) return sendError(res, token === null ? NO_TOKEN : BAD_TOKEN);
  if (door && door.name !== named.sessionId) return sendError(res, NOT_YOURS);
  const claim = await claimOf(context, named, res);
  if (!claim) return;

  const startedAt = context.policy.now();
  const place = context.admission.enter(claim.sessionId);
  if ('status' in place) return sendError(res, place);
  const gone = new AbortController();
  const leave = () => {
    gone.abort(new Error('the gateway closes'));
    res.destroy();
  };
  closing.addEventListener('abort', leave, { once: true });
  const unwatch = context.watch.add(claim, () => gone.abort(new StaleGeneration()));
  res.once('close', () => {
    if (!res.writableFinished) gone.abort(new Error('the client is gone'));
  });
  context.onActivity(claim.sessionId, 'request');
  try {
    await withLogFields({ session_id: claim.sessionId, generation: claim.generation }, async () => {
      // Side by side: what the database says is usually known before the body is complete.
      const principal = context.principals.resolve(claim);
      principal.catch(() => {});
      const body = await readBody(req, place);
      if (!Buffer.isBuffer(body)) return sendError(res, body);
      const request = { req, res, claim, path: route.path, body, startedAt, signal: gone.signal };
      await relay(context, route, request, place, principal);
    });
  } catch (err) {
    if (gone.signal.aborted || req.destroyed) res.destroy();
    else {
      context.log.error({ err, session_id: claim.sessionId }, 'the gateway failed on a request');
      if (res.headersSent) res.destroy();
      else sendError(res, INTERNAL);
    }
  } finally {
    closing.removeEventListener('abort', leave);
    unwatch();
    place.release();
    context.onActivity(claim.sessionId, 'end');
  }
}

/** The session that a token speaks for. Null: none, and the answer is given. */
async function claimOf(context: GatewayContext, named: TokenClaim, res: ServerResponse): Promise<TokenClaim | null> {
  try {
    const claim = await context.cells(named);
    if (!claim) sendError(res, UNCLAIMED);
    return claim;
  } catch (err) {
    context.log.error({ err, cell_id: named.sessionId }, 'a cell cannot be checked');
    sendError(res, NO_DATABASE);
    return null;
  }
}

async function relay(
  context: GatewayContext,
  route: Extract<Route, { path: string }>,
  request: Omit<Call, 'principal'>,
  place: Place,
  resolving: Promise<Principal | null>,
): Promise<void> {
  let principal: Principal | null;
  try {
    principal = await resolving;
  } catch (err) {
    context.log.error({ err, session_id: request.claim.sessionId }, 'a session cannot be checked');
    return sendError(request.res, NO_DATABASE);
  }
  if (!principal) return sendError(request.res, STALE);
  addLogFields({ workspace_id: principal.workspaceId, agent_id: principal.agentId });
  const refusal = place.assign(principal.workspaceId, context.settings.UPSTREAM_WORKSPACE_SHARE);
  if (refusal) return sendError(request.res, refusal);
  const call: Call = { ...request, principal };
  if (route.kind === 'mcp') return relayMcp(context, call, route);
  if (route.kind !== 'message') return relayPlain(context, call, route.method);
  const release = await context.budgets.admit(call);
  try {
    if (release) await relayMessage(context, call);
  } finally {
    await release?.();
  }
}
