import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from '../access/authenticate.ts';

/** Headers in which a node proves to another that it is of the same fleet, and says on whose behalf it asks. */
const TOKEN_HEADER = 'x-aaas-node';
const PRINCIPAL_HEADER = 'x-aaas-principal';

const GOOD_FOR_MS = 60_000;
const FORM = /^v1\.([A-Za-z0-9_]{1,64})\.(\d{13})\.([A-Za-z0-9_-]{43})$/;

/** A request from one node to another. */
export interface NodeCall {
  method: string;
  /** With its query. */
  path: string;
  /** Who has asked the other node; null: the node asks for itself. */
  principal: Principal | null;
}

/** The headers that go with a call. They are good for this call alone, and for a minute. */
export function signCall(secret: Buffer, nodeId: string, call: NodeCall, now = Date.now()): Record<string, string> {
  const until = now + GOOD_FOR_MS;
  const principal = call.principal ? Buffer.from(JSON.stringify(call.principal)).toString('base64url') : '';
  const signature = sign(secret, [nodeId, String(until), call.method, call.path, principal]);
  return {
    [TOKEN_HEADER]: `v1.${nodeId}.${until}.${signature}`,
    ...(principal === '' ? {} : { [PRINCIPAL_HEADER]: principal }),
  };
}

/** Who calls, and for whom; null: it is no node of this fleet, or its words were changed on the way. */
export function verifyCall(
  secret: Buffer,
  request: { method?: string | undefined; url?: string | undefined; headers: IncomingHttpHeaders },
  now = Date.now(),
): { nodeId: string; principal: Principal | null } | null {
  const [, nodeId, until, given] = FORM.exec(String(request.headers[TOKEN_HEADER] ?? '')) ?? [];
  if (nodeId === undefined || until === undefined || given === undefined) return null;
  // Clocks of nodes differ a little: what is signed for much later than we would is as bad as what is over.
  if (Number(until) < now - GOOD_FOR_MS || Number(until) > now + 2 * GOOD_FOR_MS) return null;
  const principal = String(request.headers[PRINCIPAL_HEADER] ?? '');
  const expected = sign(secret, [nodeId, until, request.method ?? '', request.url ?? '', principal]);
  if (!timingSafeEqual(Buffer.from(given), Buffer.from(expected))) return null;
  return { nodeId, principal: principal === '' ? null : JSON.parse(Buffer.from(principal, 'base64url').toString()) };
}

function sign(secret: Buffer, parts: string[]): string {
  return createHmac('sha256', secret)
    .update(`aaas node call\n${parts.join('\n')}`)
    .digest('base64url');
}
