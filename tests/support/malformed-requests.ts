import { nastyId, nastyText, nastyValue, type RandomSource } from './nasty-values.ts';

/** One operation of the API, as a generator of requests needs it. */
export interface Operation {
  method: string;
  /** With parameters in braces: `/api/v1/agents/{agent_id}`. */
  path: string;
  /** Names of its query parameters. */
  query: string[];
  hasBody: boolean;
}

export interface OddRequest {
  method: string;
  path: string;
  headers: Record<string, string | string[]>;
  body: Buffer | null;
}

/** Ids that exist, by the name of their parameter. */
export type KnownIds = Record<string, string[]>;

// With a real id these would do what they say.
const HARMFUL = /^(DELETE |POST .*\/(start|stop|restart)$)/;

const QUERY_NAMES = [
  'limit',
  'cursor',
  'page',
  'after',
  'order',
  'types[]',
  'event_deltas[]',
  'created_at[gte]',
  'status',
  'nonsense',
  '__proto__',
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND'];

const HEADERS: [string, string[]][] = [
  ['accept', ['text/event-stream', '*/*;q=zz', 'application/xml', '\u00ff', ','.repeat(500)]],
  ['prefer', ['wait=abc', 'wait=-1', 'wait=99999999999', 'respond-async, wait=0', ';;;', 'x'.repeat(4_000)]],
  ['idempotency-key', ['', ' ', '\u00e9', 'k'.repeat(256), 'a b', 'constructor']],
  ['last-event-id', ['-1', 'abc', '1.5', '99999999999999999999', '0x10', 'sevt_', 'sevt_unknown', '\u00ff']],
  ['anthropic-beta', [',,,', 'x'.repeat(4_000), '\u00ff']],
  ['content-encoding', ['gzip', 'br', 'nonsense']],
  ['if-none-match', ['*']],
  ['range', ['bytes=-1']],
  ['origin', ['null', 'http://elsewhere.example']],
  ['x-forwarded-for', ["';--", '::1, ::2']],
  ['x-http-method-override', ['DELETE']],
];

const CONTENT_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/json; charset=utf-16',
  'application/json;;;',
  'application/problem+json',
  'nonsense',
  '',
];

export const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

const BROKEN_JSON: (string | Buffer)[] = [
  '{',
  '{"config":',
  '[1,2',
  '{"message":"x",}',
  '{"message":"x"} trailing',
  'undefined',
  'NaN',
  '"\\ud800',
  '"\\x"',
  '\ufeff{}',
  ' ',
  '{"a":1e999999}',
  '{"message":"a\u0000b"}',
  '{"message":"x","message":{"y":1}}',
  '{"__proto__":{"admin":true},"message":"x"}',
  '{"constructor":{"prototype":{"admin":true}}}',
  deep(100_000),
  // Good ones, but for their depth.
  `{"message":"deep","context":{"a":${deep(3_000)}}}`,
  `{"message":"deep","context":{"a":${deep(100_000)}}}`,
  `{"events":[{"type":"user.message","content":[{"type":"text","text":"deep"}],"extra":${deep(100_000)}}]}`,
  `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
  Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  Buffer.from([0, 1, 2, 3, 255]),
];

/** A request to `operation` that is wrong in at least one way, or at least odd. */
export function oddRequest(random: RandomSource, operation: Operation, known: KnownIds): OddRequest {
  const method = random.chance(0.04) ? random.pick(METHODS) : operation.method;
  const real = HARMFUL.test(`${method} ${operation.path}`) ? {} : known;
  const path = fillPath(random, operation.path, real) + oddQuery(random, operation.query);
  const headers = oddHeaders(random);
  if (!operation.hasBody && !random.chance(0.1)) return { method, path, headers, body: null };
  const { text, contentType } = oddBody(random, operation.path);
  return {
    method,
    path,
    headers: { ...(contentType === null ? {} : { 'content-type': contentType }), ...headers },
    body: Buffer.from(text),
  };
}

function fillPath(random: RandomSource, path: string, known: KnownIds): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    random.chance(0.5) && known[name] ? random.pick(known[name]) : nastyId(random),
  );
  if (random.chance(0.03)) return `${filled}/`;
  if (random.chance(0.03)) return `${filled}/${nastyId(random)}`;
  return random.chance(0.02) ? filled.toUpperCase() : filled;
}

function oddQuery(random: RandomSource, names: string[]): string {
  if (random.chance(0.4)) return '';
  const pairs = Array.from({ length: random.int(1, 4) }, () => {
    const name = random.pick(random.chance(0.7) && names.length > 0 ? names : QUERY_NAMES);
    const value = random.chance(0.2)
      ? nastyId(random)
      : encodeURIComponent(nastyText(random).toWellFormed().slice(0, 2_000));
    const suffix = random.chance(0.1) ? '[]' : random.chance(0.05) ? '[a][b]' : '';
    return `${name}${suffix}=${value}`;
  });
  if (random.chance(0.3)) pairs.push(pairs[0] as string);
  return `?${pairs.join(random.chance(0.05) ? '&&&' : '&')}`;
}

function oddHeaders(random: RandomSource): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  while (random.chance(0.3)) {
    const [name, values] = random.pick(HEADERS);
    const value = random.pick(values);
    headers[name] = random.chance(0.1) ? [value, value] : value;
  }
  return headers;
}

function oddBody(random: RandomSource, path: string): { text: string | Buffer; contentType: string | null } {
  const contentType = random.chance(0.1) ? random.pick(CONTENT_TYPES) : random.chance(0.03) ? null : 'application/json';
  if (random.chance(0.25)) return { text: random.pick(BROKEN_JSON), contentType };
  if (random.chance(0.1)) return { text: JSON.stringify(nastyValue(random)) ?? '', contentType };
  return { text: JSON.stringify(mutate(random, validBody(path))), contentType };
}

/** A body that would be accepted, so that what is wrong with a changed one is deep inside. */
function validBody(path: string): unknown {
  if (path.startsWith('/v1/')) {
    const content = [
      { type: 'text', text: 'hello' },
      { type: 'image', source: { type: 'base64', data: 'AAAA', media_type: 'image/png' } },
      { type: 'document', source: { type: 'text', data: 'x', media_type: 'text/plain' }, title: 't' },
    ];
    return { events: [{ type: 'user.message', content }, { type: 'user.interrupt' }] };
  }
  if (path.endsWith('/messages')) return { message: 'hello', context: { a: { b: [1] } } };
  return {
    config: {
      agent_type: 'custom',
      name: 'n',
      description: 'd',
      model: 'm',
      system_prompt: 's',
      personality: 'p',
      language: 'l',
      allowed_tools: ['Read'],
      permission_mode: 'default',
      max_turns: 3,
      max_tokens: 100,
      temperature: 0.5,
      env: { A: 'b' },
    },
    auto_start: false,
  };
}

/** Changes one place of a body: another value, a missing or an unknown key. */
function mutate(random: RandomSource, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || random.chance(0.15)) return nastyValue(random);
  if (Array.isArray(value)) {
    if (random.chance(0.1)) return Array.from({ length: 2_000 }, () => value[0]);
    const at = random.int(0, value.length - 1);
    return value.with(at, mutate(random, value[at]));
  }
  // Whatever the body becomes, it must not begin an agent: three thousand of them would be another test.
  const keys = Object.keys(value).filter((key) => key !== 'auto_start');
  const key = random.pick(keys.length > 0 ? keys : ['x']);
  const copy: Record<string, unknown> = { ...value };
  if (random.chance(0.1)) delete copy[key];
  else if (random.chance(0.15)) copy[nastyText(random).slice(0, 300)] = nastyValue(random);
  else copy[key] = mutate(random, copy[key]);
  return copy;
}
