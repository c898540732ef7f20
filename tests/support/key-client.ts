import type { NewKey } from '../../packages/contract/src/keys.ts';
import type { Platform } from './platform.ts';

/** Whoever holds a key. */
export interface KeyClient {
  /** Whatever comes of it; a body of JSON is parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>;
  /** Makes a key; it must succeed. */
  make(body: Record<string, unknown>): Promise<NewKey>;
}

export function newClientOf(platform: Platform, key: string): KeyClient {
  const headers = { 'x-api-key': key };
  return {
    ask: async (method, path, body) => {
      const response = await platform.request(method, path, body, headers);
      const text = await response.text();
      const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
      return { status: response.status, body: isJson ? JSON.parse(text) : text || null };
    },
    make: (body) => platform.json('POST', '/api/v1/keys', body, headers),
  };
}
