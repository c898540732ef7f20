import type { IncomingHttpHeaders } from 'node:http';
import type { Upstream } from './upstream.ts';

// A list of what may pass, not of what may not: an agent can call the gateway with any header it likes.
const PASSED = ['accept', 'content-type', 'user-agent', 'anthropic-version', 'anthropic-beta', 'x-app'] as const;
const PASSED_PREFIXES = ['x-stainless-', 'x-claude-code-'] as const;
const PASSED_EXTRA = ['anthropic-dangerous-direct-browser-access', 'x-client-request-id'] as const;
const PASSED_NAMES: ReadonlySet<string> = new Set([...PASSED, ...PASSED_EXTRA]);

/** The headers an upstream gets: the client's that mean something to it, the provider's key, and its own. */
export function upstreamHeaders(
  headers: IncomingHttpHeaders,
  upstream: Pick<Upstream, 'apiKey' | 'auth' | 'headers'>,
): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || !mayPass(name)) continue;
    passed[name] = typeof value === 'string' ? value : value.join(', ');
  }
  // The usage is read as the answer passes, so it must not be compressed.
  passed['accept-encoding'] = 'identity';
  if (upstream.apiKey !== null) {
    if (upstream.auth === 'bearer') passed.authorization = `Bearer ${upstream.apiKey}`;
    else passed['x-api-key'] = upstream.apiKey;
  }
  for (const [name, value] of Object.entries(upstream.headers ?? {})) passed[name.toLowerCase()] = value;
  return passed;
}

function mayPass(name: string): boolean {
  return PASSED_NAMES.has(name) || PASSED_PREFIXES.some((prefix) => name.startsWith(prefix));
}
