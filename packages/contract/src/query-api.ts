import { z } from 'zod';
import { AGENT_TYPE_NAMES, AgentConfigRequest } from './agent-config.ts';
import { MESSAGE_MAX_CHARS, MessageResponse, QueuePosition, Turn } from './operations-api.ts';

const timestamp = z.iso.datetime().describe('RFC 3339, UTC');

export const QueryRequest = z
  .strictObject({
    message: z.string().min(1).max(MESSAGE_MAX_CHARS).optional().describe('What to ask.'),
    query: z.string().min(1).max(MESSAGE_MAX_CHARS).optional().describe('Another name of `message`.'),
    context: z.record(z.string(), z.unknown()).optional().describe('Facts that go with the question, as JSON.'),
    config: AgentConfigRequest.omit({
      agent_type: true,
      mcp_servers: true,
      budget: true,
      idle_timeout_seconds: true,
      approval_timeout_seconds: true,
    })
      .optional()
      .describe('What differs from the agent type. Kept only as long as the query runs.'),
  })
  .refine((request) => (request.message === undefined) !== (request.query === undefined), {
    message: 'give either message or query',
    path: ['message'],
  })
  .meta({ id: 'QueryRequest' });

export const QueryAnswer = z
  .object({
    query_id: z.string(),
    agent_type: z.enum(AGENT_TYPE_NAMES),
    response: z.string(),
    timestamp,
    metadata: MessageResponse.shape.metadata,
  })
  .meta({ id: 'QueryAnswer' });
export type QueryAnswer = z.infer<typeof QueryAnswer>;

export const QueryAccepted = z
  .object({
    query_id: z.string(),
    turn_id: z.string(),
    state: z.string(),
    endpoint: z.string(),
    queue_position: QueuePosition,
  })
  .meta({ id: 'QueryAccepted' });

export const Query = z
  .object({
    id: z.string(),
    agent_type: z.enum(AGENT_TYPE_NAMES),
    created_at: timestamp,
    endpoint: z.string(),
    turn: Turn,
  })
  .meta({ id: 'Query' });
export type Query = z.infer<typeof Query>;
