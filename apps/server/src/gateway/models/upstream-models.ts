import { attempt } from '../upstreams/attempt.ts';
import { upstreamHeaders } from '../upstreams/request-headers.ts';
import type { OpenUpstream } from '../upstreams/upstream.ts';

/** A model as an upstream lists it. */
export interface ListedModel {
  id: string;
  displayName: string | null;
}

/** How long all pages of a list may take, and how many there may be. */
const LIST_TIMEOUT_MS = 5_000;
const MAX_PAGES = 10;
const PAGE_LIMIT = 1_000;
const MAX_NAME_CHARS = 256;

/** What an upstream says it has. Null: it does not say, or not in time, or not in a way that can be read. */
export async function fetchModels(upstream: OpenUpstream): Promise<ListedModel[] | null> {
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
  const found: ListedModel[] = [];
  let after: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const query: string = after === null ? '' : `&after_id=${encodeURIComponent(after)}`;
    const list = await get(upstream, `/v1/models?limit=${PAGE_LIMIT}${query}`, signal);
    if (list.status !== 200 || !Array.isArray(list.body?.data)) return null;
    for (const entry of list.body.data as { id?: unknown; display_name?: unknown }[]) {
      if (typeof entry?.id !== 'string' || entry.id === '' || entry.id.length > MAX_NAME_CHARS) continue;
      const displayName = typeof entry.display_name === 'string' ? entry.display_name.slice(0, MAX_NAME_CHARS) : null;
      found.push({ id: entry.id, displayName });
    }
    const last = list.body.last_id;
    if (list.body.has_more !== true || typeof last !== 'string' || last === after) return found;
    after = last;
  }
  return found;
}

/** Whether an upstream says of a name, asked for it alone, that it has no such model. */
export async function deniesModel(upstream: OpenUpstream, model: string): Promise<boolean> {
  const path = `/v1/models/${encodeURIComponent(model)}`;
  return (await get(upstream, path, AbortSignal.timeout(LIST_TIMEOUT_MS))).status === 404;
}

interface Page {
  status: number;
  body: { data?: unknown; has_more?: unknown; last_id?: unknown } | null;
}

async function get(upstream: OpenUpstream, path: string, signal: AbortSignal): Promise<Page> {
  const headers = upstreamHeaders({ accept: 'application/json', 'anthropic-version': '2023-06-01' }, upstream);
  try {
    const request = { method: 'GET' as const, path, headers, body: null };
    const answer = await attempt(upstream, request, signal, { onSent() {}, onStatus() {} });
    if (answer.kind === 'stream') answer.rest.cancel();
    if (answer.kind !== 'whole') return { status: 0, body: null };
    return { status: answer.status, body: JSON.parse(answer.body.toString('utf8')) };
  } catch {
    return { status: 0, body: null };
  }
}
