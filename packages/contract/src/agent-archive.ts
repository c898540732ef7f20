import { z } from 'zod';
import { StatusName } from './operations-api.ts';

/** What the first line of an exported agent says it is. */
export const ARCHIVE_FORMAT = 'aaas-agent';
export const ARCHIVE_VERSION = 1;

const whole = z.int().min(0);
const time = z.iso.datetime();
const id = z.string().regex(/^[a-z]{2,10}_[1-9A-HJ-NP-Za-km-z]{8,40}$/, 'must be an id of the platform');
/** What goes into the database as it is. */
const word = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\w.:/+@[\] -]*$/, 'holds characters that it cannot have');

const Metadata = z.record(
  z
    .string()
    .max(64)
    .refine((key) => key.isWellFormed() && !key.includes('\0'), 'holds characters that it cannot have'),
  z.string().max(512),
);

/** `agent.json` of an exported agent. */
export const AgentArchive = z
  .object({
    format: z.literal(ARCHIVE_FORMAT),
    format_version: z.int(),
    platform_version: z.string().max(100),
    exported_at: time,
    log_seq: whole.describe('The place in the log up to which it was exported: the end of a turn.'),
    env_names: z.array(z.string()).max(10_000).describe('Variables whose values were left out.'),
    agent: z.object({
      id,
      metadata: Metadata,
      current_version: z.int().min(1),
      created_at: time,
    }),
    versions: z
      .array(
        z.object({
          version: z.int().min(1),
          created_at: time,
          definition: z.record(z.string(), z.unknown()),
        }),
      )
      .min(1)
      .max(10_000),
    session: z.object({
      id,
      agent_version: z.int().min(1),
      harness: z.string().max(100),
      harness_session_id: z.uuid(),
      title: z.string().max(1_000).nullable(),
      metadata: Metadata,
      directory: z.string().max(4_096).describe('Where it lay on its node; its working directory was `work` in it.'),
      created_at: time,
    }),
  })
  .meta({ id: 'AgentArchive' });
export type AgentArchive = z.infer<typeof AgentArchive>;

/** A line of `transcript.jsonl`: what the harness itself reads to go on. */
export const ArchivedTranscript = z.object({
  subpath: word(512),
  uuid: word(100).nullable(),
  entry: z.record(z.string(), z.unknown()),
});
export type ArchivedTranscript = z.infer<typeof ArchivedTranscript>;

/** A line of `events.jsonl`. */
export const ArchivedEvent = z.object({
  seq: z.int().min(1),
  turn_id: id.nullable(),
  ref: word(200).nullable(),
  at: time,
  event: z.looseObject({ id, type: word(100) }),
});
export type ArchivedEvent = z.infer<typeof ArchivedEvent>;

/** A line of `turns.jsonl`: a message and its answer. */
export const ArchivedTurn = z.object({
  id,
  position: z.int().min(1),
  state: z.enum(['completed', 'failed', 'interrupted']),
  attempts: whole.max(1_000_000),
  response: z.string().nullable(),
  stop_reason: word(100).nullable(),
  error: z.object({ type: word(100), message: z.string() }).nullable(),
  model: z.string().max(256).nullable(),
  first_seq: z.int().min(1).nullable(),
  last_seq: z.int().min(1).nullable(),
  accepted_at: time,
  started_at: time.nullable(),
  ended_at: time.nullable(),
  input: z.looseObject({
    id,
    type: z.literal('user.message'),
    content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  }),
});
export type ArchivedTurn = z.infer<typeof ArchivedTurn>;

export const ImportAgentResponse = z
  .object({
    agent_id: z.string(),
    session_id: z.string(),
    status: StatusName,
    endpoint: z.string(),
    message: z.string(),
    imported: z.object({
      versions: z.number(),
      turns: z.number(),
      events: z.number(),
      transcript_entries: z.number(),
      files: z.number(),
      size_bytes: z.number().describe('Of the working directory.'),
    }),
    missing_env: z.array(z.string()).describe('Variables that the agent had and whose values the archive leaves out.'),
  })
  .meta({ id: 'ImportAgentResponse' });
export type ImportAgentResponse = z.infer<typeof ImportAgentResponse>;
