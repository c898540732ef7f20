import type { IncomingMessage } from 'node:http';
import { z } from 'zod';

const BODY_MAX_BYTES = 8 * 1024 * 1024;

/** Which sessions come to a stream, each with the number behind which its kept text is wanted, and which leave it. */
export const Interest = z.object({ add: z.record(z.string(), z.number()), remove: z.array(z.string()) });
export type Interest = z.output<typeof Interest>;

export class BadBody extends Error {}

/** @throws BadBody */
export async function readInterest(request: IncomingMessage): Promise<Interest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) throw new BadBody();
    chunks.push(chunk);
  }
  try {
    return Interest.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  } catch (error) {
    throw new BadBody(undefined, { cause: error });
  }
}
