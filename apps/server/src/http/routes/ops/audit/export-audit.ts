import { Readable } from 'node:stream';
import { z } from 'zod';
import { readChain, readHead } from '../../../../audit/read-chain.ts';
import type { Api, App } from '../../../api.ts';
import { sequence } from '../paging.ts';
import { problems } from '../problems.ts';
import { chainOf, chainParam } from './chain-of.ts';

export function exportAudit(app: App, api: Api): void {
  app.get(
    '/api/v1/audit/export',
    {
      config: { operation: 'audit.export', scope: 'audit:read', rate: 'query' },
      schema: {
        tags: ['audit'],
        summary: 'Export the chain as lines of JSON, oldest first',
        description: 'Each line is an entry with its hashes, so that the file can be verified without the platform.',
        querystring: z.object({
          chain: chainParam,
          after: sequence.default(0).describe('Begin after this entry: where the last export ended.'),
        }),
        response: { 200: z.unknown().describe('application/x-ndjson: one AuditEntry a line'), ...problems },
      },
    },
    async (request, reply) => {
      const { chain: asked, after } = request.query;
      const chain = chainOf(request.principal, asked);
      const { seq } = await readHead(api.ctx.pool, chain);
      return reply
        .header('content-type', 'application/x-ndjson')
        .header('content-disposition', `attachment; filename="audit-${chain}-${after + 1}-${seq}.ndjson"`)
        .send(Readable.from(linesOf(api, chain, after, seq)));
    },
  );
}

async function* linesOf(api: Api, chain: string, after: number, upTo: number): AsyncGenerator<string> {
  for await (const entry of readChain(api.ctx.pool, chain, after, upTo)) yield `${JSON.stringify(entry)}\n`;
}
