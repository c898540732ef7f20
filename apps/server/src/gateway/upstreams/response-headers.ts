import type { IncomingHttpHeaders } from 'node:http';

const PASSED_NAMES: ReadonlySet<string> = new Set([
  'content-type',
  'cache-control',
  'request-id',
  'retry-after',
  'retry-after-ms',
]);
const PASSED_PREFIX = 'anthropic-ratelimit-';

/** The headers of an upstream's answer that the client gets; none that holds a secret, should it be echoed. */
export function clientHeaders(
  headers: IncomingHttpHeaders,
  secrets: readonly string[],
): Record<string, string | string[]> {
  const passed: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    if (!PASSED_NAMES.has(name) && !name.startsWith(PASSED_PREFIX)) continue;
    if (secrets.some((secret) => String(value).includes(secret))) continue;
    passed[name] = value;
  }
  return passed;
}

/** A header that has one value, or null. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  if (value === undefined) return null;
  return typeof value === 'string' ? value : (value[0] ?? null);
}
