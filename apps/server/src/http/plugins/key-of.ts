import type { FastifyRequest } from 'fastify';

/** The API key that came with a request; null when there is none. */
export function keyOf(request: FastifyRequest): string | null {
  const header = request.headers['x-api-key'];
  if (typeof header === 'string' && header !== '') return header;
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]?.trim() ?? null;
}
