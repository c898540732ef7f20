import { Webhook } from 'standardwebhooks';
import { Client, type Dispatcher } from 'undici';
import { type EgressRules, resolveTarget } from '../../egress/resolve-target.ts';
import { storableText } from '../../sessions/log/storable-text.ts';
import { describeFailure } from './describe-failure.ts';

/** What is sent, and who signs it. */
export interface Message {
  id: string;
  url: string;
  body: string;
  /** Each signs; the newest first. */
  secrets: string[];
}

/** How one attempt went. */
export interface Outcome {
  at: Date;
  durationMs: number;
  /** Null: no answer. */
  status: number | null;
  /** Null: a 2xx came. */
  error: string | null;
  /** The beginning of the answer's body. */
  response: string | null;
  retryAfterSeconds: number | null;
}

const USER_AGENT = 'AaaS-Webhooks/1';
const RESPONSE_KEPT_BYTES = 1_024;

/**
 * Sends one message to addresses that were checked a moment before, and nothing of the platform with it but the
 * signature. Never throws: whatever happens is the outcome.
 */
export async function postDelivery(
  message: Message,
  options: { rules: EgressRules; timeoutMs: number; closing: AbortSignal },
): Promise<Outcome> {
  const at = new Date();
  const began = performance.now();
  const answer = await attempt(message, at, options).catch((error) => ({
    status: null,
    error: describeFailure(error, options.timeoutMs),
    response: null,
    retryAfterSeconds: null,
  }));
  return { at, durationMs: performance.now() - began, ...answer };
}

async function attempt(
  message: Message,
  at: Date,
  { rules, timeoutMs, closing }: { rules: EgressRules; timeoutMs: number; closing: AbortSignal },
): Promise<Omit<Outcome, 'at' | 'durationMs'>> {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)]);
  const url = new URL(message.url);
  const addresses = await unlessAborted(resolveTarget(url, rules), signal);
  const [first] = addresses;
  // A connection of its own, to what was checked: the name is not looked up again.
  const client = new Client(url.origin, {
    allowH2: false,
    connect: {
      timeout: timeoutMs,
      lookup: (_host, { all }, done) =>
        all ? done(null, addresses) : done(null, first?.address ?? '', first?.family ?? 4),
    },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  try {
    const response = await client.request({
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers: headersOf(message, at),
      body: message.body,
      signal,
    });
    const { statusCode: status } = response;
    const text = await beginning(response.body);
    return { status, error: judge(status), response: text, retryAfterSeconds: retryAfter(response) };
  } finally {
    client.destroy().catch(() => {});
  }
}

/** A resolver has a patience of its own. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

function headersOf({ id, body, secrets }: Message, at: Date): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': USER_AGENT,
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
  };
}

function judge(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return `answered ${status}: redirects are not followed`;
  return `answered ${status}`;
}

/** The status has decided already: an answer that breaks off or hangs is only shown shorter. */
async function beginning(body: Dispatcher.ResponseData['body']): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= RESPONSE_KEPT_BYTES) break;
    }
  } catch {}
  if (bytes === 0) return null;
  return storableText(Buffer.concat(chunks).subarray(0, RESPONSE_KEPT_BYTES).toString('utf8'));
}

function retryAfter({ statusCode, headers }: Dispatcher.ResponseData): number | null {
  if (statusCode !== 429 && statusCode !== 503) return null;
  const text = String(headers['retry-after'] ?? '');
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const until = Date.parse(text);
  return Number.isNaN(until) ? null : Math.max(0, (until - Date.now()) / 1_000);
}
