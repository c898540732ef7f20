import { z } from 'zod';
import { Metadata, MetadataPatch } from './metadata.ts';
import { DirectorySnapshot, StatusName, StatusReasonName } from './operations-api.ts';
import { Placement } from './placement.ts';

const timestamp = z.iso.datetime().describe('RFC 3339, UTC');
const version = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
const title = z.string().min(1).max(500);

export const CreateSessionRequest = z
  .strictObject({
    agent_id: z.string().min(1).max(128),
    title: title.optional(),
    metadata: Metadata.optional(),
    version: version.optional().describe('The version of the agent that it works with. Default: the newest.'),
    placement: Placement.optional().describe('Takes the place of what its agent says, field by field.'),
    auto_start: z.boolean().default(true).describe('false: it stays stopped until it is started.'),
  })
  .meta({ id: 'CreateSessionRequest' });

export const ChangeSessionRequest = z
  .strictObject({
    title: title.nullable().optional(),
    metadata: MetadataPatch.optional(),
    version: version
      .optional()
      .describe('The version to work with from the next turn on. Not of a main session: that follows its agent.'),
  })
  .meta({ id: 'ChangeSessionRequest' });

export const Session = z
  .object({
    id: z.string().describe('The same one under /v1.'),
    agent_id: z.string(),
    agent_version: z.number().describe('The version that it works with.'),
    next_version: z.number().nullable().describe('The version that it takes when its turn has ended.'),
    main: z.boolean().describe('It is what the agent’s own routes speak of.'),
    title: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    status: StatusName,
    status_reason: StatusReasonName,
    status_since: timestamp,
    status_detail: z.string().nullable(),
    next_action: z.string().nullable(),
    created_at: timestamp,
    updated_at: timestamp,
    endpoint: z.string(),
    pid: z.number().nullable(),
    node: z.string().nullable(),
    region: z.string().nullable().describe('Where it is to run; null: anywhere.'),
    placement: Placement.nullable().describe('What it was given of its own; null: nothing.'),
    messages_count: z.number(),
    messages_waiting: z.number(),
    usage: z.object({ input_tokens: z.number(), output_tokens: z.number(), cost_usd: z.number() }),
    restarts: z.number(),
    directory_snapshot: DirectorySnapshot.nullable().describe('Of its last sleep, or the last one that was stored.'),
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof Session>;
