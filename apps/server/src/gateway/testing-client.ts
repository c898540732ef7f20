/** For tests: a client of the gateway that sees every byte as it comes. */
import { request } from 'node:http';
import type { TestGateway } from './testing.ts';

export const ASK = {
  model: 'claude-sonnet-4-5',
  stream: true,
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hi' }],
};

export interface Reading {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** What has come so far. */
  text(): string;
  bytes(): number;
  /** Resolves when the text so far satisfies the predicate; rejects when the answer ends or breaks before. */
  until(predicate: (text: string) => boolean): Promise<string>;
  /** The whole answer; rejects when it breaks. */
  whole(): Promise<string>;
  /** Leaves without waiting for the rest. */
  leave(): void;
  /** Takes no more bytes until `resume`. */
  pause(): void;
  resume(): void;
}

export interface Asking {
  path?: string;
  method?: string;
  body?: object | string | Buffer;
  headers?: Record<string, string>;
}

/** Sends a request with the token of a session and resolves with the headers of the answer. */
export function ask(test: TestGateway, token: string | null, asking: Asking = {}): Promise<Reading> {
  const { path = '/v1/messages?beta=true', method = 'POST', body = ASK, headers = {} } = asking;
  const sent = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const req = request(
      `${test.gateway.url}${path}`,
      {
        method,
        agent: false,
        headers: {
          'content-type': 'application/json',
          'anthropic-version': '2023-06-01',
          ...(token === null ? {} : { 'x-api-key': token }),
          ...headers,
        },
      },
      (res) => {
        const chunks: Buffer[] = [];
        const text = () => Buffer.concat(chunks).toString('utf8');
        let over: 'ended' | Error | null = null;
        const waiting: (() => void)[] = [];
        const wake = () => {
          for (const go of waiting.splice(0)) go();
        };
        res.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          wake();
        });
        res.on('end', () => {
          over ??= 'ended';
          wake();
        });
        res.on('error', (error) => {
          over ??= error;
          wake();
        });
        const until = async (done: () => boolean) => {
          while (!done()) {
            if (over) throw over === 'ended' ? new Error(`the answer ended: ${text()}`) : over;
            await new Promise<void>((resolve) => waiting.push(resolve));
          }
          return text();
        };
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          text,
          bytes: () => chunks.reduce((sum, chunk) => sum + chunk.length, 0),
          until: (predicate) => until(() => predicate(text())),
          whole: () => until(() => over === 'ended'),
          leave: () => void req.destroy(),
          pause: () => void res.pause(),
          resume: () => void res.resume(),
        });
      },
    );
    req.on('error', reject);
    if (method === 'GET' || method === 'HEAD') req.end();
    else req.end(sent);
  });
}
