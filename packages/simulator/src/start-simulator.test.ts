import { once } from 'node:events';
import { connect } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from './limits.ts';
import { type Simulator, startSimulator } from './start-simulator.ts';
import { ask } from './testing/ask.ts';
import { scripted, TOOLS, user } from './testing/conversation.ts';

let simulator: Simulator;
let url: string;
let client: Anthropic;

beforeAll(async () => {
  simulator = await startSimulator();
  url = simulator.url;
  client = new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0 });
});
afterAll(() => simulator.close());

const hello = { messages: [user('hello')] };

interface Posted {
  readonly status: number;
  readonly id: string | null;
  readonly json: { input_tokens?: number; error?: { type: string; message: string } };
}

async function post(path: string, body: string): Promise<Posted> {
  const response = await fetch(url + path, { method: 'POST', body });
  const json = (await response.json()) as Posted['json'];
  return { status: response.status, id: response.headers.get('request-id'), json };
}

describe('POST /v1/messages', () => {
  it("streams in Anthropic's events, and says that it is simulated", async () => {
    const answer = await ask(url, hello);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-aaas-simulated')).toBe('true');
    expect(answer.headers.get('request-id')).toMatch(/^req_/);
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(answer.events.slice(0, 3)).toEqual(['message_start', 'content_block_start', 'content_block_delta']);
    expect(answer.events.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop']);
    expect(answer.events.filter((name) => name === 'content_block_delta').length).toBeGreaterThan(1);
    expect(answer).toMatchObject({ texts: ['Simulated reply 1: hello'], stopReason: 'end_turn', cut: false });
  });

  it('has the same content and usage when it is not streamed, and in count_tokens', async () => {
    const body = {
      model: 'some-model',
      max_tokens: 100,
      system: 'Be brief.',
      tools: TOOLS,
      messages: [scripted([{ text: 'a' }, { thinking: 'b' }, { tool: 'Bash', input: { command: 'ls' } }])],
    };
    const [streamed, whole, counted] = [
      await ask(url, body),
      await ask(url, { ...body, stream: false }),
      (await post('/v1/messages/count_tokens', JSON.stringify(body))).json,
    ];
    const withoutIds = (content: object[]) => content.map((block) => ({ ...block, id: undefined }));
    expect(withoutIds(whole.content)).toEqual(withoutIds(streamed.content));
    expect(whole.usage).toEqual(streamed.usage);
    expect(whole.stopReason).toBe('tool_use');
    expect(counted).toEqual({ input_tokens: whole.usage?.input_tokens });
  });

  it('counts four characters of every key and value as a token', async () => {
    const { usage } = await ask(url, { system: 'abcdefgh', messages: [user('hello')] });
    const characters = 'abcdefgh'.length + 'role'.length + 'user'.length + 'content'.length + 'hello'.length;
    expect(usage?.input_tokens).toBe(Math.ceil(characters / 4));
    expect(usage?.output_tokens).toBe(Math.ceil('Simulated reply 1: hello'.length / 4));
  });

  it.each([
    ['{', 'not valid JSON'],
    ['[]', 'JSON object'],
    ['{"messages":[{"role":"user","content":"x"}]}', 'model: '],
    ['{"model":"m"}', 'messages: '],
    ['{"model":"m","messages":[]}', 'messages: '],
    ['{"model":"m","messages":[{"role":"robot","content":"x"}]}', 'messages.0.role: '],
    ['{"model":"m","messages":[{"role":"user"}]}', 'messages.0.content: '],
    ['{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}', 'messages.0.content.0.text: '],
    ['{"model":"m","messages":[{"role":"user","content":"x"}],"tools":{}}', 'tools: '],
  ])('answers 400 to %s', async (body, named) => {
    const { status, id, json } = await post('/v1/messages', body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' }, request_id: id });
    expect(json.error?.message).toContain(named);
  });

  it('answers 413 to a body above the bound', async () => {
    const { status, json } = await post('/v1/messages', ' '.repeat(LIMITS.bodyBytes + 1));
    expect(status).toBe(413);
    expect(json).toMatchObject({ error: { type: 'request_too_large' } });
  });

  it('answers 413 to a body above the bound whose length was not told', async () => {
    const stream = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent <= LIMITS.bodyBytes; sent += 1024 * 1024)
          controller.enqueue(new Uint8Array(1024 * 1024));
        controller.close();
      },
    });
    const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit;
    expect((await fetch(`${url}/v1/messages`, init)).status).toBe(413);
  });
});

describe('the other endpoints', () => {
  it('lists models and knows one by its id', async () => {
    const models = await client.models.list();
    expect(models.data.map(({ id }) => id)).toContain('claude-sonnet-4-5');
    expect(await client.models.retrieve('claude-sonnet-4-5')).toMatchObject({ type: 'model' });
    await expect(client.models.retrieve('gpt')).rejects.toMatchObject({ status: 404 });
  });

  it.each(['/', '/api/hello'])('greets at %s', async (path) => {
    for (const method of ['GET', 'HEAD']) expect((await fetch(url + path, { method })).status).toBe(200);
  });

  it.each([
    ['GET', '/v1/messages'],
    ['POST', '/v1/complete'],
    ['DELETE', '/'],
  ])('answers 404 to %s %s', async (method, path) => {
    const response = await fetch(url + path, { method });
    const requestId = response.headers.get('request-id');
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { type: 'not_found_error' }, request_id: requestId });
  });
});

describe('the official client', () => {
  const body = { model: 'any-model', max_tokens: 100, messages: [{ role: 'user' as const, content: 'hello' }] };

  it('reads a message', async () => {
    const message = await client.messages.create(body);
    expect(message).toMatchObject({ model: 'any-model', stop_reason: 'end_turn' });
    expect(message.content).toEqual([{ type: 'text', text: 'Simulated reply 1: hello' }]);
  });

  it('reads a stream with text, thinking and a tool call', async () => {
    const steps = [{ thinking: 'hm' }, { text: 'Running.' }, { tool: 'bash', input: { command: 'ls -l' } }];
    const stream = client.messages.stream({
      ...body,
      tools: [{ name: 'Bash', input_schema: { type: 'object' } }],
      messages: [scripted(steps)],
    });
    const pieces: string[] = [];
    stream.on('text', (piece) => pieces.push(piece));
    const message = await stream.finalMessage();
    expect(pieces.join('')).toBe('Running.');
    expect(message.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use']);
    expect(message.content[2]).toMatchObject({ name: 'Bash', input: { command: 'ls -l' } });
    expect(message.stop_reason).toBe('tool_use');
    expect(message.usage.output_tokens).toBeGreaterThan(1);
  });

  it('counts tokens as the message does', async () => {
    const [counted, message] = [await client.messages.countTokens(body), await client.messages.create(body)];
    expect(counted.input_tokens).toBe(message.usage.input_tokens);
  });

  it('retries an overload by itself', async () => {
    const retrying = new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 1 });
    const messages = [scripted([{ error: 529, retry_after: 0 }, { text: 'second' }], 'retry')];
    const message = await retrying.messages.create({ ...body, messages });
    expect(message.content).toMatchObject([{ text: 'second' }]);
  });
});

describe('its lifetime', () => {
  it('lets in only the keys of a list, when it has one', async () => {
    const guarded = await startSimulator({ apiKeys: ['right'] });
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${guarded.url}/v1/models`, { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status({ 'x-api-key': 'wrong' })).toBe(401);
    expect(await status({ 'x-api-key': 'right' })).toBe(200);
    expect(await status({ authorization: 'Bearer right' })).toBe(200);
    await guarded.close();
  });

  it('closes with its signal, cuts open streams and frees the port', async () => {
    const controller = new AbortController();
    const other = await startSimulator({ signal: controller.signal });
    const socket = connect(Number(new URL(other.url).port), '127.0.0.1');
    const stalled = JSON.stringify({ model: 'm', stream: true, messages: [scripted([{ stall: true }])] });
    socket.write(`POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: ${stalled.length}\r\n\r\n${stalled}`);
    await once(socket, 'data');
    const cut = once(socket, 'close');
    controller.abort();
    await Promise.all([cut, other.close()]);
    await (await startSimulator({ port: Number(new URL(other.url).port) })).close();
  });

  it('rejects when the port is taken', async () => {
    await expect(startSimulator({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
