import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface RawResponse {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface RawClient {
  /** Sends the path as it is: fetch would tidy it up. An event stream is left as soon as it has begun. */
  send(
    method: string,
    path: string,
    headers: Record<string, string | string[]>,
    body: Buffer | null,
  ): Promise<RawResponse>;
}

export function rawClient(url: string): RawClient {
  const { hostname, port } = new URL(url);
  return {
    send: (method, path, headers, body) =>
      new Promise((resolve, reject) => {
        const length = body === null ? {} : { 'content-length': String(body.length) };
        // A connection for each request: after some errors the server closes it.
        const outgoing = request(
          { agent: false, hostname, port, method, path, headers: { ...length, ...headers } },
          (response) => {
            const { statusCode: status = 0, headers } = response;
            if (headers['content-type']?.startsWith('text/event-stream')) {
              response.on('error', () => {});
              outgoing.destroy();
              return resolve({ status, headers, text: '' });
            }
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('end', () => resolve({ status, headers, text: Buffer.concat(chunks).toString() }));
            response.on('error', reject);
          },
        );
        outgoing.on('error', reject);
        outgoing.end(body ?? undefined);
      }),
  };
}

/** Writes bytes to a connection of its own and returns what comes back until the server closes it, or says nothing for a second. */
export async function sendBytes(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  // The server may close while we still write.
  socket.on('error', () => {});
  socket.setTimeout(1_000, () => socket.destroy());
  socket.write(bytes);
  await new Promise((resolve) => socket.on('close', resolve));
  return text;
}
