import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { createClient } from '../create-client.ts';
import { collect } from '../testing/collect.ts';

let close: () => Promise<unknown> = async () => {};
afterEach(() => close());

/** A server that answers the n-th request (from 1) as told. */
async function serve(answer: (count: number, ...exchange: Parameters<RequestListener>) => void) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(requests.length, request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = async () => {
    server.closeAllConnections();
    server.close();
  };
  const baseUrl = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const retries = { attempts: 3, firstDelayMs: 1, maxDelayMs: 2 };
  return { requests, client: createClient({ baseUrl, apiKey: 'key', retries, reconnects: retries }) };
}

const HEALTHY = JSON.stringify({ status: 'ok' });
const JSON_TYPE = { 'content-type': 'application/json' };

test('a request that is refused for now is made again, when the server wants it', async () => {
  const times: number[] = [];
  const { client, requests } = await serve((count, _request, response) => {
    times.push(performance.now());
    if (count === 1) response.writeHead(429, { 'retry-after': '1' }).end();
    else if (count === 2) response.writeHead(503).end();
    else response.writeHead(200, JSON_TYPE).end(HEALTHY);
  });
  expect(await client.health()).toEqual({ status: 'ok' });
  expect(requests).toHaveLength(3);
  expect((times[1] as number) - (times[0] as number)).toBeGreaterThan(950);
});

test('patience ends', async () => {
  const { client, requests } = await serve((_count, request) => request.socket.destroy());
  await expect(client.health()).rejects.toMatchObject({ name: 'ConnectionError' });
  expect(requests).toHaveLength(3);
  await expect(collect(client.events.stream('agent_x'))).rejects.toMatchObject({ name: 'ConnectionError' });
  expect(requests).toHaveLength(6);
});

test('every try of what could happen twice carries the same key', async () => {
  const { client, requests } = await serve((count, request, response) => {
    if (count < 3) request.socket.destroy();
    else response.writeHead(200, JSON_TYPE).end(JSON.stringify({ response: 'yes' }));
  });
  expect((await client.messages.send('agent_x', 'hi')).response).toBe('yes');
  const keys = requests.map((request) => request.headers['idempotency-key']);
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
});

test('an error that lasts is not tried again, whoever has made it', async () => {
  const { client, requests } = await serve((count, _request, response) => {
    if (count === 1) response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Oops</h1>');
    else response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
  });
  await expect(client.health()).rejects.toMatchObject({ status: 500, code: 'http_500' });
  await expect(client.health()).rejects.toMatchObject({ code: 'unexpected_answer' });
  expect(requests).toHaveLength(2);
});
