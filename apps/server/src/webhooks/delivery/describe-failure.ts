import { EgressRefused } from '../../egress/resolve-target.ts';

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);
const WORDS: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed before an answer',
  EPIPE: 'the connection was closed before an answer',
  UND_ERR_SOCKET: 'the connection was closed before an answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the host cannot be reached',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too large',
};

/** Why there was no answer, for the owner of the webhook. Never the error's own text, which may name addresses. */
export function describeFailure(error: unknown, timeoutMs: number): string {
  if (error instanceof EgressRefused) return `not sent: the URL ${error.message}`;
  const { name, code = '' } = error as { name?: string; code?: string };
  if (name === 'TimeoutError' || TIMEOUTS.has(code)) return `no answer within ${timeoutMs / 1_000} s`;
  if (WORDS[code]) return WORDS[code];
  if (/^HPE_/.test(code)) return 'the answer is not HTTP';
  if (/CERT|TLS|SSL|SIGNATURE|ISSUER/.test(code)) return `no TLS connection: ${code}`;
  return code === '' ? 'failed before an answer' : `failed before an answer: ${code}`;
}
