import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { until } from './platform.ts';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read events of every type
  event: any;
}

type Answer = number | ((response: ServerResponse) => void);

/** Somebody who receives webhooks: keeps what comes, and answers 204 unless told otherwise. */
export interface WebhookReceiver {
  readonly url: string;
  readonly received: Received[];
  /** The answers to the next requests to a path, in order; the last one stays. */
  answer(path: string, ...answers: Answer[]): void;
  /** Those that came to a path. */
  at(path: string): Received[];
  /** Waits until so many have come to a path. */
  receives(path: string, count: number, withinMs?: number): Promise<Received[]>;
  close(): Promise<void>;
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: Received[] = [];
  const answers = new Map<string, Answer[]>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const path = request.url ?? '';
    const body = Buffer.concat(chunks).toString();
    received.push({ path, headers: request.headers, body, event: JSON.parse(body) });
    const planned = answers.get(path) ?? [204];
    const answer = (planned.length > 1 ? planned.shift() : planned[0]) as Answer;
    if (typeof answer === 'number') response.writeHead(answer).end(`answered ${answer}`);
    else answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = (path: string) => received.filter((one) => one.path === path);
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    received,
    answer: (path, ...planned) => void answers.set(path, planned),
    at,
    receives: async (path, count, withinMs) => {
      await until(() => at(path).length >= count, withinMs);
      return at(path);
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
