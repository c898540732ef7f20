import type { IncomingMessage } from 'node:http';
import type { Place } from './admission.ts';
import type { GatewayError } from './anthropic-error.ts';
import { MAX_BODY_BYTES, REFUSED_BODY_DRAIN_MS } from './limits.ts';

const TOO_LARGE: GatewayError = {
  status: 413,
  message: `The request is larger than ${MAX_BODY_BYTES} bytes. Send less, or refer to files instead.`,
};
const NO_MEMORY: GatewayError = { status: 529, message: 'The model gateway holds as much as it can; try again later.' };

/** The whole body of a request, or why it is refused. Rejects when the client goes away meanwhile. */
export async function readBody(req: IncomingMessage, place: Place): Promise<Buffer | GatewayError> {
  const announced = Number(req.headers['content-length'] ?? 0);
  if (announced > MAX_BODY_BYTES) return refuse(req, TOO_LARGE);
  if (announced > 0 && !place.reserve(announced)) return refuse(req, NO_MEMORY);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const refuseNow = (error: GatewayError) => {
      req.off('data', onData);
      chunks.length = 0;
      resolve(refuse(req, error));
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) return refuseNow(TOO_LARGE);
      if (announced === 0 && !place.reserve(chunk.length)) return refuseNow(NO_MEMORY);
      chunks.push(chunk);
    };
    req.on('data', onData);
    req.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size)));
    req.on('error', reject);
    req.on('close', () => reject(new Error('the client left before its request was complete')));
  });
}

// The rest of the body is read and dropped for a while: an answer to a client that is still sending would be lost
// in the reset of its connection.
async function refuse(req: IncomingMessage, error: GatewayError): Promise<GatewayError> {
  if (req.complete || req.destroyed) return error;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, REFUSED_BODY_DRAIN_MS);
    req.once('close', resolve).once('end', resolve).resume();
    req.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer));
  });
  return error;
}
