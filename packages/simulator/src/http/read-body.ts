import type { IncomingMessage } from 'node:http';
import { LIMITS } from '../limits.ts';
import { ApiError } from './api-error.ts';

/** Bytes of bodies that are being received, over all connections of this process. */
let held = 0;

/** The JSON body of a request. Throws an `ApiError`: 400 for what is not JSON, 413 and 529 for too much of it. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > LIMITS.bodyBytes) throw tooLarge();
  const text = await receive(request);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiError(400, `The request body is not valid JSON: ${(error as Error).message}`);
  }
}

/**
 * Collects the body by events: leaving a `for await` early would destroy the socket, and with it the answer that says
 * what was wrong. What is too much is read on and thrown away.
 */
function receive(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let size = 0;
    const release = () => {
      held -= size;
      size = 0;
      chunks = [];
    };
    const refuse = (error: Error) => {
      release();
      request.off('data', take).resume();
      reject(error);
    };
    const take = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      held += chunk.length;
      if (size > LIMITS.bodyBytes) refuse(tooLarge());
      else if (held > LIMITS.bodiesBytes) refuse(new ApiError(529, 'The simulator holds too many bodies. Try again.'));
    };
    request.on('data', take);
    request.once('end', () => {
      const [first] = chunks;
      const body = first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, size);
      release();
      resolve(body.toString('utf8'));
    });
    request.once('error', refuse);
  });
}

function tooLarge(): ApiError {
  return new ApiError(413, `The request body is larger than ${LIMITS.bodyBytes} bytes.`);
}
