import type { UpstreamBody } from './upstream-body.ts';

/** All bytes of a body, or null when there are more than `bound`. Rejects when it breaks. */
export async function readWhole(body: UpstreamBody, bound: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop cancels the body.
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bound) return null;
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size);
}
