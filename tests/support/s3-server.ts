import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface S3rver {
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
}

/** A server that speaks the protocol of S3, with one bucket `archives`. */
export interface S3Server {
  /** Settings that make it the store of directories. */
  readonly env: Record<string, string>;
  /** What was asked of it: method and path. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** s3rver, with uploads in several parts before it, which it does not know. */
export async function startS3Server(): Promise<S3Server> {
  // @ts-expect-error it has no types
  const { default: S3rver } = (await import('s3rver')) as { default: new (options: object) => S3rver };
  const directory = mkdtempSync(join(tmpdir(), 'aaas-s3-'));
  const configureBuckets = [{ name: 'archives' }];
  const inner = new S3rver({
    ...{ address: '127.0.0.1', port: 0, silent: true, directory, configureBuckets, allowMismatchedSignatures: true },
  });
  const { port: innerPort } = await inner.run();
  const uploads = new Map<string, Map<number, Buffer>>();
  const asked: string[] = [];

  const outer = createServer((incoming, response) => {
    void answer(incoming, response).catch(() => response.destroy());
  });

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '', 'http://s3');
    asked.push(`${incoming.method} ${url.pathname}`);
    const body = Buffer.concat(await incoming.toArray());
    const id = url.searchParams.get('uploadId');
    if (url.searchParams.has('uploads')) {
      const begun = `upload${uploads.size + 1}`;
      uploads.set(begun, new Map());
      const xml = `<InitiateMultipartUploadResult><UploadId>${begun}</UploadId></InitiateMultipartUploadResult>`;
      response.writeHead(200, { 'content-type': 'application/xml' }).end(xml);
    } else if (id === null) pass(incoming.method ?? '', incoming.url ?? '', incoming.headers, body, response);
    else if (incoming.method === 'PUT') {
      uploads.get(id)?.set(Number(url.searchParams.get('partNumber')), body);
      response.writeHead(200, { etag: `"${body.length}"` }).end();
    } else if (incoming.method === 'DELETE') {
      uploads.delete(id);
      response.writeHead(204).end();
    } else {
      const parts = [...(uploads.get(id) ?? [])].sort(([a], [b]) => a - b).map(([, part]) => part);
      const whole = Buffer.concat(parts);
      const stored = request({
        port: innerPort,
        method: 'PUT',
        path: url.pathname,
        headers: { 'content-length': whole.length },
      });
      stored.end(whole);
      const [put] = (await once(stored, 'response')) as [IncomingMessage];
      put.resume();
      const xml = `<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>`;
      response.writeHead(put.statusCode ?? 500, { 'content-type': 'application/xml' }).end(xml);
    }
  }

  function pass(
    method: string,
    path: string,
    headers: IncomingMessage['headers'],
    body: Buffer,
    response: ServerResponse,
  ): void {
    const passed = request({ port: innerPort, method, path, headers }, (got) => {
      response.writeHead(got.statusCode ?? 500, got.headers);
      got.pipe(response);
    });
    passed.on('error', () => response.destroy());
    passed.end(body);
  }

  outer.listen(0, '127.0.0.1');
  await once(outer, 'listening');
  const { port } = outer.address() as AddressInfo;
  return {
    env: {
      DIRECTORY_STORE: 's3://archives/fleet/one',
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      S3_FORCE_PATH_STYLE: 'true',
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
    },
    asked,
    close: async () => {
      outer.closeAllConnections();
      outer.close();
      await inner.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
