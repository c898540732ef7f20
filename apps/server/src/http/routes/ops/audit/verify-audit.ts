import { AuditVerification } from '@aaas/contract/audit';
import { z } from 'zod';
import { verifyStored } from '../../../../audit/verify-stored.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { chainOf, chainParam } from './chain-of.ts';

export function verifyAudit(app: App, api: Api): void {
  app.get(
    '/api/v1/audit/verify',
    {
      config: { operation: 'audit.verify', scope: 'audit:read', rate: 'query' },
      schema: {
        tags: ['audit'],
        summary: 'Walk the chain and say whether it is whole',
        description: 'Computes every hash again, from the first entry to the head. A long chain takes its time.',
        querystring: z.object({ chain: chainParam }),
        response: { 200: AuditVerification, ...problems },
      },
    },
    async (request) => {
      return verifyStored(api.ctx.pool, chainOf(request.principal, request.query.chain));
    },
  );
}
