/** What the gateway does with a request. Everything of the upstream that is not listed here is out of reach. */
export type Route =
  | { kind: 'alive' }
  | { kind: 'message'; path: string }
  | { kind: 'plain'; method: 'GET' | 'POST'; path: string }
  | { kind: 'mcp'; method: 'GET' | 'POST' | 'DELETE'; path: string; server: string }
  | { kind: 'unknown' };

// No percent signs, no dots at the start: the path is handed on as it is, so nothing in it may climb or be decoded.
const MODEL_PATH = /^\/v1\/models(?:\/[A-Za-z0-9][A-Za-z0-9._:@-]{0,255})?$/;

const MCP_PATH = /^\/mcp\/([a-z][a-z0-9-]{0,31})$/;

/** `target` is the request line's target, with its query. */
export function routeOf(method: string | undefined, target: string | undefined): Route {
  if (method === undefined || target === undefined) return { kind: 'unknown' };
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  if (method === 'POST' && path === '/v1/messages') return { kind: 'message', path: target };
  if (method === 'POST' && path === '/v1/messages/count_tokens') return { kind: 'plain', method, path: target };
  if (method === 'GET' && MODEL_PATH.test(path)) return { kind: 'plain', method, path: target };
  const server = MCP_PATH.exec(path)?.[1];
  if (server && (method === 'GET' || method === 'POST' || method === 'DELETE'))
    return { kind: 'mcp', method, path, server };
  if ((method === 'GET' || method === 'HEAD') && (path === '/' || path === '/api/hello')) return { kind: 'alive' };
  return { kind: 'unknown' };
}
