import type { LookupAddress } from 'node:dns';
import { Agent, type Dispatcher, request } from 'undici';
import { pinnedLookup } from './pinned-lookup.ts';
import { type EgressRules, resolveTarget } from './resolve-target.ts';

type RequestOptions = NonNullable<Parameters<typeof request<null>>[1]>;

const CONNECT_TIMEOUT_MS = 10_000;
/** Until the answer begins: a tool may take long. */
const HEADERS_TIMEOUT_MS = 600_000;
const CONNECTIONS_PER_HOST = 64;

/** Sends requests to addresses that tenants name, and only to those they may name. Redirects are not followed. */
export class GuardedClient {
  readonly #rules: () => EgressRules;
  readonly #checked = new Map<string, LookupAddress[]>();
  readonly #agent: Agent;

  /** `rules`: asked at each request. */
  constructor(rules: () => EgressRules) {
    this.#rules = rules;
    this.#agent = new Agent({
      connections: CONNECTIONS_PER_HOST,
      allowH2: false,
      headersTimeout: HEADERS_TIMEOUT_MS,
      bodyTimeout: 0,
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        // The addresses that were checked, not what the name leads to now.
        lookup: (host, options, callback) => pinnedLookup(this.#checked.get(host) ?? [])(host, options, callback),
      },
    });
  }

  /** @throws EgressRefused */
  async request(url: URL, options: Omit<RequestOptions, 'dispatcher'>): Promise<Dispatcher.ResponseData> {
    const addresses = await resolveTarget(url, this.#rules());
    this.#checked.set(url.hostname, addresses);
    if (this.#checked.size > CHECKED_MAX) this.#checked.delete(this.#checked.keys().next().value as string);
    return request(url, { ...options, dispatcher: this.#agent });
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

const CHECKED_MAX = 10_000;
