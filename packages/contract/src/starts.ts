import { z } from 'zod';

/** How a process came to serve its session. */
export const START_KINDS = {
  cold: 'A new process was spawned for a session without a transcript.',
  warm: 'A spare process of the warm pool was claimed.',
  resume: 'A new process was spawned and took the stored transcript up.',
} as const;
export type StartKind = keyof typeof START_KINDS;

/** The parts of a start, in their order. */
export const START_STEPS = {
  queue: 'It waits for its turn among the starts of the node.',
  directory: 'The directory of the session is prepared, and what its process needs is read.',
  claim: 'A spare of the pool is bound to the session.',
  spawn: 'The process is spawned.',
  handshake: 'The process loads, and answers its first probe.',
  mcp: 'The first turn waits for the MCP servers of the agent.',
  first_token: 'From the first message to the first token of its answer.',
} as const;
export type StartStep = keyof typeof START_STEPS;

/** Why no spare of the warm pool served a start. */
export const POOL_MISSES = {
  pool_off: 'The pool is switched off on this node.',
  pool_empty: 'No spare of this kind was ready.',
  own_env: 'The agent has environment variables of its own, which are fixed when a process is spawned.',
  own_mcp_servers: 'The agent has MCP servers, which are fixed when a process is spawned.',
  not_new: 'The session has a directory already.',
  closed_directory: 'The data directory lies below one that agents cannot pass, so a spare could not be moved.',
  claim_failed: 'A spare was taken and did not become the session’s.',
} as const;
export type PoolMiss = keyof typeof POOL_MISSES;

const keys = <T extends string>(record: Record<T, unknown>) => Object.keys(record) as [T, ...T[]];
const ms = (text: string) => z.number().optional().describe(`Milliseconds. ${text}`);

export const StartReport = z
  .object({
    id: z.string().describe('Tells the starts of a session apart.'),
    kind: z.enum(keys<StartKind>(START_KINDS)),
    miss: z.enum(keys<PoolMiss>(POOL_MISSES)).nullable().describe('Why it is cold; null: it is not.'),
    steps: z
      .object({
        queue_ms: ms(START_STEPS.queue),
        directory_ms: ms(START_STEPS.directory),
        claim_ms: ms(START_STEPS.claim),
        spawn_ms: ms(START_STEPS.spawn),
        handshake_ms: ms(START_STEPS.handshake),
        mcp_ms: ms(START_STEPS.mcp),
        first_token_ms: ms(START_STEPS.first_token),
      })
      .describe('What each step took. The last two are known when the first turn has answered.'),
    failed_step: z.enum(keys<StartStep>(START_STEPS)).nullable().describe('Where the start failed.'),
    hint: z.string().nullable().describe('For people: the likely cause of the failure and what to do.'),
  })
  .meta({ id: 'StartReport' });
export type StartReport = z.infer<typeof StartReport>;

/** Body of an `x.first_token` event: what a start took beyond its readiness. */
export interface FirstToken {
  start_id: string;
  mcp_ms: number | null;
  first_token_ms: number;
}

export const WarmPoolState = z
  .object({ ready: z.number(), starting: z.number(), wanted: z.number() })
  .meta({ id: 'WarmPoolState' })
  .describe('Spare processes of the node; `wanted` is what demand asks for, whether there is room or not.');
