const HIDDEN = '[redacted]';

// Each keeps what tells the kind of a secret and lets the rest go. They match within JSON as well as in plain text, so
// none reaches over a quote or a backslash; and none can be made to search for long.
const SHAPES: [RegExp, string][] = [
  [/\baaas-gw\.[\w-]{1,64}\.\d+\.[\w-]+/g, `aaas-gw.${HIDDEN}`],
  [/\baaas_\w{16,}/g, `aaas_${HIDDEN}`],
  [/\bsk-[\w-]{12,}/g, `sk-${HIDDEN}`],
  [/\bwhsec_[\w+/=-]{8,}/g, `whsec_${HIDDEN}`],
  [/\b(Bearer|Basic) +[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  // The password of an address.
  [/(:\/\/[^\s:@/"\\]{0,256}:)[^\s@/"\\]{1,1024}@/g, `$1${HIDDEN}@`],
];

const NAMES =
  'authorization|x-api-key|api[_-]?key|password|passwd|secret|client[_-]?secret|access[_-]?token|cookie|token';
// Without one of these nothing below can match. Looking for them is cheap, and most lines have none.
const HINTS = [
  ...['aaas_', 'aaas-gw', 'sk-', 'whsec_', 'bearer ', 'basic ', '://', '"env"'],
  ...['authorization', 'api-key', 'api_key', 'passw', 'secret', 'token', 'cookie'],
  // Not the ids of keys, which begin with apikey_.
  ...['apikey"', 'apikey\\', 'apikey=', 'apikey:', 'apikey '],
];
// "name":"value" and, quoted once more inside a string, \"name\":\"value\".
const FIELD = new RegExp(`("[\\w-]{0,32}(?:${NAMES})":)"(?:[^"\\\\]|\\\\.)*"`, 'gi');
const QUOTED_FIELD = new RegExp(`(\\\\"[\\w-]{0,32}(?:${NAMES})\\\\":\\s*\\\\")[^"\\\\]*`, 'gi');
const ASSIGNMENT = new RegExp(`(\\b[\\w-]{0,32}(?:${NAMES})\\s{0,2}[=:]\\s{0,2})[^\\s"\\\\&,;]{4,}`, 'gi');
// The environment of an agent: names and values, whatever they are called.
const ENVIRONMENT = /("env":)\{(?:"(?:[^"\\]|\\.)*":"(?:[^"\\]|\\.)*",?)*\}/g;

const LITERAL_MIN_CHARS = 8;

/**
 * Makes the function that hides secrets in a line of the log: what looks like a key, a token or a password, what is
 * named like one, and `known` secrets, whatever they look like. JSON stays JSON.
 */
export function secretHider(known: string[] = []): (text: string) => string {
  const literals = known.filter((secret) => secret.length >= LITERAL_MIN_CHARS).flatMap(spellings);
  return (text) => {
    let hidden = text;
    for (const literal of literals) hidden = hidden.replaceAll(literal, HIDDEN);
    const lower = hidden.toLowerCase();
    if (!HINTS.some((hint) => lower.includes(hint))) return hidden;
    for (const [shape, replacement] of SHAPES) hidden = hidden.replace(shape, replacement);
    return hidden
      .replace(ENVIRONMENT, `$1"${HIDDEN}"`)
      .replace(FIELD, `$1"${HIDDEN}"`)
      .replace(QUOTED_FIELD, `$1${HIDDEN}`)
      .replace(ASSIGNMENT, `$1${HIDDEN}`);
  };
}

/** As it is, as JSON quotes it and as an address spells it; the longest first, for one may be part of another. */
function spellings(secret: string): string[] {
  const all = new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  return [...all].sort((a, b) => b.length - a.length);
}
