import { ApiError } from '@aaas/contract/errors';
import { z } from 'zod';
import { id } from '../agents/agent-params.ts';

export const ApprovalParams = z.object({ approval_id: id });

export function approvalNotFound(approvalId: string): ApiError {
  return new ApiError(
    'not_found',
    `There is no approval ${approvalId.slice(0, 128)}. GET /api/v1/approvals lists those there are.`,
  );
}
