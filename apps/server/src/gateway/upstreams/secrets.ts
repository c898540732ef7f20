import type { Upstream } from './upstream.ts';

const SENSITIVE_HEADER = /auth|key|token|secret|password|cookie/i;
// Shorter ones would be found in innocent text.
const MIN_SECRET_CHARS = 8;

/** What an upstream was given that nobody else may see: its key, and headers that look like one. */
export function secretsOf(upstream: Pick<Upstream, 'apiKey' | 'headers'>): readonly string[] {
  const secrets = new Set<string>();
  if (upstream.apiKey) secrets.add(upstream.apiKey);
  for (const [name, value] of Object.entries(upstream.headers ?? {})) {
    if (!SENSITIVE_HEADER.test(name)) continue;
    // `Bearer abc`: the second word alone is the secret.
    const last = value.trim().split(/\s+/).at(-1) ?? '';
    if (last.length >= MIN_SECRET_CHARS) secrets.add(last);
  }
  return [...secrets];
}
