import { z } from 'zod';

/** How an approval stands, each with a sentence. */
export const APPROVAL_STATUSES = {
  open: 'It waits for an answer.',
  allowed: 'A person let the tool run: once, with this input, in this turn.',
  denied: 'A person refused it; the agent was told.',
  expired: 'Nobody answered in time: it was denied.',
  cancelled: 'Its turn ended, or the call was given up, before anybody answered.',
} as const;

export type ApprovalStatus = keyof typeof APPROVAL_STATUSES;

const names = Object.keys(APPROVAL_STATUSES) as [ApprovalStatus, ...ApprovalStatus[]];
const timestamp = z.iso.datetime().describe('RFC 3339, UTC');

export const ApprovalStatusName = z.enum(names);

export const Approval = z
  .object({
    id: z.string().describe('Of the event in which the agent calls the tool, in the log of its session.'),
    agent_id: z.string(),
    session_id: z.string(),
    turn_id: z.string(),
    tool: z.string().describe('As the model calls it; tools of MCP servers are mcp__<server>__<tool>.'),
    input: z.unknown().describe('What the tool is called with.'),
    status: ApprovalStatusName,
    message: z.string().nullable().describe('What the agent was told.'),
    decided_by: z.string().nullable().describe('The API key that answered.'),
    requested_at: timestamp,
    expires_at: timestamp,
    decided_at: timestamp.nullable(),
  })
  .meta({ id: 'Approval' });
export type Approval = z.infer<typeof Approval>;

export const DecideApprovalRequest = z
  .strictObject({
    decision: z.enum(['allow', 'deny']),
    message: z
      .string()
      .min(1)
      .max(10_000)
      .refine((text) => !text.includes('\0'), 'must not contain NUL')
      .optional()
      .describe('What the agent is told; only with deny.'),
  })
  .refine(({ decision, message }) => decision === 'deny' || message === undefined, {
    path: ['message'],
    message: 'goes with deny only; leave it out',
  })
  .meta({ id: 'DecideApprovalRequest' });
export type DecideApprovalRequest = z.infer<typeof DecideApprovalRequest>;
