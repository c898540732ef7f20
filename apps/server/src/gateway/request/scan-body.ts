/** Where a value lies in the bytes of a body. */
export interface Span {
  from: number;
  to: number;
}

/** What the gateway needs to know of a request to the Messages API. */
export interface BodyFacts {
  model: string;
  /** Where its name lies, quotes included. */
  modelAt: Span | null;
  stream: boolean;
  /** `thinking` is there and is not disabled. */
  thinks: boolean;
  /** null: not given, or no number. */
  maxTokens: number | null;
  /** The top-level `temperature`, if there is one. */
  temperature: Span | null;
  /** The offset of the closing brace. */
  end: number;
  /** There is no member at all. */
  empty: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * Reads the few members of the top level that matter and steps over the rest, without building objects: half the
 * time of JSON.parse, and the bytes stay what they were (numbers above 2^53 in a tool's input survive). Returns null
 * when the body is not a JSON object; what lies deeper is for the upstream to judge. A repeated member counts as its
 * last occurrence, as in JSON.parse.
 */
export function scanBody(body: Buffer): BodyFacts | null {
  const facts: BodyFacts = {
    model: '',
    modelAt: null,
    stream: false,
    thinks: false,
    maxTokens: null,
    temperature: null,
    end: 0,
    empty: true,
  };
  let i = skipSpace(body, 0);
  if (body[i] !== OPEN_BRACE) return null;
  i = skipSpace(body, i + 1);
  if (body[i] !== CLOSE_BRACE) {
    facts.empty = false;
    for (;;) {
      if (body[i] !== QUOTE) return null;
      const keyEnd = skipString(body, i);
      if (keyEnd < 0) return null;
      const colon = skipSpace(body, keyEnd);
      if (body[colon] !== COLON) return null;
      const from = skipSpace(body, colon + 1);
      const to = skipValue(body, from);
      if (to <= from) return null;
      if (!note(facts, body, { from: i, to: keyEnd }, { from, to })) return null;
      i = skipSpace(body, to);
      if (body[i] === CLOSE_BRACE) break;
      if (body[i] !== COMMA) return null;
      i = skipSpace(body, i + 1);
    }
  }
  facts.end = i;
  return skipSpace(body, i + 1) === body.length ? facts : null;
}

function note(facts: BodyFacts, body: Buffer, key: Span, value: Span): boolean {
  try {
    switch (JSON.parse(body.toString('utf8', key.from, key.to))) {
      case 'model': {
        const model: unknown = parse(body, value);
        facts.model = typeof model === 'string' ? model : '';
        facts.modelAt = typeof model === 'string' ? value : null;
        break;
      }
      case 'stream':
        facts.stream = parse(body, value) === true;
        break;
      case 'thinking': {
        const thinking = parse(body, value) as { type?: unknown } | null;
        facts.thinks = thinking !== null && thinking.type !== 'disabled';
        break;
      }
      case 'max_tokens': {
        const maxTokens: unknown = parse(body, value);
        facts.maxTokens = typeof maxTokens === 'number' ? maxTokens : null;
        break;
      }
      case 'temperature':
        facts.temperature = value;
        break;
    }
    return true;
  } catch {
    return false;
  }
}

function parse(body: Buffer, span: Span): unknown {
  return JSON.parse(body.toString('utf8', span.from, span.to));
}

function skipSpace(body: Buffer, from: number): number {
  let i = from;
  for (let c = body[i]; c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09; c = body[i]) i++;
  return i;
}

/** `from` is at the opening quote; returns the offset behind the closing one, or -1. */
function skipString(body: Buffer, from: number): number {
  // A loop over bytes, not indexOf: text with many escaped quotes would pay for a call at each.
  for (let i = from + 1; i < body.length; i++) {
    const c = body[i];
    if (c === QUOTE) return i + 1;
    if (c === BACKSLASH) i++;
  }
  return -1;
}

/** Returns the offset behind the value that starts at `from`, or -1. */
function skipValue(body: Buffer, from: number): number {
  const first = body[from];
  if (first === QUOTE) return skipString(body, from);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipPlain(body, from);
  let depth = 0;
  for (let i = from; i < body.length; ) {
    const c = body[i];
    if (c === QUOTE) {
      i = skipString(body, i);
      if (i < 0) return -1;
      continue;
    }
    if (c === OPEN_BRACE || c === OPEN_BRACKET) depth++;
    else if ((c === CLOSE_BRACE || c === CLOSE_BRACKET) && --depth === 0) return i + 1;
    i++;
  }
  return -1;
}

/** A number, true, false or null. */
function skipPlain(body: Buffer, from: number): number {
  let i = from;
  for (let c = body[i]; c !== undefined && c > 0x20 && c !== COMMA && c !== CLOSE_BRACE && c !== CLOSE_BRACKET; ) {
    c = body[++i];
  }
  return i;
}
