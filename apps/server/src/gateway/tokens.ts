import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Whom a token speaks for: a session, in one generation of its ownership. */
export interface TokenClaim {
  sessionId: string;
  generation: number;
}

const PREFIX = 'aaas-gw';
const MAX_TOKEN_CHARS = 256;
const CLAIM = /^aaas-gw\.([A-Za-z0-9_-]{1,64})\.(0|[1-9][0-9]{0,14})$/;

/** The token an agent process calls the gateway with. It holds no secret but its own signature. */
export function issueToken(secret: Buffer | KeyObject, claim: TokenClaim): string {
  const text = `${PREFIX}.${claim.sessionId}.${claim.generation}`;
  // A token that could not be verified again would fail far from here, in an agent.
  if (!CLAIM.test(text)) throw new RangeError(`not a claim for a gateway token: ${text}`);
  return `${text}.${sign(secret, text).toString('base64url')}`;
}

/**
 * The claim of a token, or null when it is not ours. Needs no store: any gateway process can check it. Who checks often
 * brings the secret as a KeyObject, which saves its import each time, most of the work.
 */
export function verifyToken(secret: Buffer | KeyObject, token: string): TokenClaim | null {
  if (token.length > MAX_TOKEN_CHARS) return null;
  const dot = token.lastIndexOf('.');
  if (dot < 0) return null;
  const text = token.slice(0, dot);
  const claim = CLAIM.exec(text);
  if (!claim) return null;
  // Compared as text: several base64url texts decode to the same bytes, only one was issued.
  const given = Buffer.from(token.slice(dot + 1));
  const expected = Buffer.from(sign(secret, text).toString('base64url'));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return { sessionId: claim[1] as string, generation: Number(claim[2]) };
}

/** The token of a request: `x-api-key`, else `Authorization: Bearer`. */
export function tokenOf(headers: IncomingHttpHeaders): string | null {
  const key = headers['x-api-key'];
  if (typeof key === 'string' && key !== '') return key;
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '');
  return bearer?.[1] ?? null;
}

function sign(secret: Buffer | KeyObject, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}
