import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { deadUrl } from '../testing-fleet.ts';
import { issueToken } from '../tokens.ts';
import type { Attempted, Gateways } from './gateways.ts';
import { startRelay } from './relay-to-gateways.ts';

const SECRET = Buffer.alloc(32, 's');
const TOOL_CALL = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'pay' } });
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

interface Heard {
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A gateway that answers as told once it has read a request. */
async function gateway(answer: (res: ServerResponse) => void): Promise<{ url: string; heard: Heard[] }> {
  const heard: Heard[] = [];
  const server = createServer(async (req, res) => {
    heard.push({ url: req.url ?? '', headers: req.headers, body: await text(req) });
    answer(res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

async function relayTo(
  ...urls: string[]
): Promise<(path: string, headers?: Record<string, string>) => Promise<Response>> {
  const gateways: Gateways = {
    next: async (asked) => {
      const address = urls[asked.length];
      if (address === undefined) return null;
      const attempt: Attempted = {
        ...{ nodeId: `node_${asked.length}`, address, asked: [...asked, address] },
        ...{ more: asked.length + 1 < urls.length, lost: new AbortController().signal },
        ...{ headers: () => ({ 'x-aaas-node': 'signed' }), failed: () => {}, done: () => {} },
      };
      return attempt;
    },
    close: () => {},
  };
  const relay = await startRelay({ log: pino({ level: 'silent' }), tokenSecret: SECRET, gateways });
  open.push(relay);
  const key = issueToken(SECRET, { sessionId: 'sesn_test', generation: 1 });
  return (path, headers = {}) =>
    fetch(`${relay.url}${path}`, { method: 'POST', headers: { 'x-api-key': key, ...headers }, body: TOOL_CALL });
}

const dies = (res: ServerResponse) => void res.socket?.destroy();
const answers = (res: ServerResponse) => void res.end('{"ok":true}');

it('makes no call of a tool a second time that may have arrived', async () => {
  const [first, second] = [await gateway(dies), await gateway(answers)];
  const ask = await relayTo(first.url, second.url);
  const answer = await ask('/mcp/bank');
  expect(answer.status).toBe(502);
  expect(await answer.text()).toContain('may have been carried out');
  expect([first.heard.length, second.heard.length]).toEqual([1, 0]);

  expect((await ask('/v1/messages')).status).toBe(200);
  expect([first.heard.length, second.heard.length]).toEqual([2, 1]);
});

it('goes on to another gateway with a call of a tool that has not been sent, or that the first one does not take', async () => {
  const unfit = await gateway((res) => void res.writeHead(503, { 'x-aaas-unfit': '1' }).end());
  const fit = await gateway(answers);
  const ask = await relayTo(await deadUrl(), unfit.url, fit.url);
  const answer = await ask('/mcp/bank');
  expect(await answer.json()).toEqual({ ok: true });
  expect(fit.heard).toMatchObject([{ url: '/gateway/mcp/bank', body: TOOL_CALL }]);
});

it('lets through neither what an agent says as if it were a node, nor what nodes say to each other', async () => {
  const only = await gateway((res) => void res.writeHead(503, { 'x-aaas-unfit': '1' }).end());
  const ask = await relayTo(only.url);
  const answer = await ask('/v1/messages', { 'x-aaas-principal': 'me', 'x-aaas-node': 'me too', 'x-other': 'kept' });
  expect(only.heard[0]?.headers).toMatchObject({ 'x-aaas-node': 'signed', 'x-other': 'kept' });
  expect(only.heard[0]?.headers).not.toHaveProperty('x-aaas-principal');
  expect([...answer.headers.keys()]).not.toContain('x-aaas-unfit');
});
