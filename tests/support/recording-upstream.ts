import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { startSimulator } from '../../packages/simulator/src/start-simulator.ts';

/** A request as the model provider would have seen it. */
export interface ModelRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON; null when it has none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read every field
  body: any;
  /** What was answered, as far as it was sent. */
  answer: string;
}

/** A model provider that answers as the simulator does and remembers what it was asked. */
export interface RecordingUpstream {
  readonly url: string;
  readonly requests: ModelRequest[];
  /** The requests for a message whose text contains `text`. */
  asked(text: string): ModelRequest[];
  /** The next request whose body contains `text` gets this answer instead. */
  refuse(text: string, status: number, body: (headers: IncomingHttpHeaders) => object): void;
  /** Refuses nothing any more. */
  relent(): void;
  close(): Promise<void>;
}

export async function startRecordingUpstream(): Promise<RecordingUpstream> {
  const simulator = await startSimulator();
  const requests: ModelRequest[] = [];
  const refusals: { text: string; status: number; body: (headers: IncomingHttpHeaders) => object }[] = [];

  const server = createServer((incoming, response) => {
    void receive(incoming, response).catch(() => response.destroy());
  });

  async function receive(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = Buffer.concat(await incoming.toArray()).toString();
    const { method = '', url: path = '', headers } = incoming;
    const seen = { method, path, headers, text, body: text === '' ? null : JSON.parse(text), answer: '' };
    requests.push(seen);
    const refusal = refusals.find((known) => text.includes(known.text));
    if (refusal) {
      refusals.splice(refusals.indexOf(refusal), 1);
      response.writeHead(refusal.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(refusal.body(headers)));
      return;
    }
    const outgoing = request(`${simulator.url}${path}`, { method, headers });
    // A connection that the simulator cuts must be cut for the platform too.
    outgoing.on('error', () => response.destroy());
    response.on('close', () => outgoing.destroy());
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      response.flushHeaders();
      answer.on('data', (chunk: Buffer) => {
        seen.answer += chunk;
      });
      pipeline(answer, response, () => {});
    });
    outgoing.end(text);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    asked: (text) => requests.filter((known) => known.path.startsWith('/v1/messages') && known.text.includes(text)),
    refuse: (text, status, body) => void refusals.push({ text, status, body }),
    relent: () => void refusals.splice(0),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await simulator.close();
    },
  };
}
