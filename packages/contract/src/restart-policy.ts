import { z } from 'zod';

/** When a process that was lost is replaced without anybody asking for it. */
export const RESTART_MODES = {
  always: 'Whatever ended it.',
  'on-failure': 'Unless it ended by itself with exit code 0 while no turn was open: then it sleeps.',
  never: 'Not at all: the open turn fails, and start brings the agent back.',
} as const;
export type RestartMode = keyof typeof RESTART_MODES;

const mode = z
  .enum(Object.keys(RESTART_MODES) as [RestartMode, ...RestartMode[]])
  .describe('always; on-failure: not after exit code 0 without an open turn; never: the open turn fails.');
const attempts = z.int().min(0).max(100).describe('Losses in the window after which the agent is in error.');
const window = z.int().min(10).max(86_400).describe('Seconds in which losses are counted; a completed turn ends it.');
const backoff = z.int().min(1).max(600).describe('Seconds before the second attempt; doubles with each one after it.');

/** What an agent sets of it; the rest comes from the settings of the platform, as they are at that moment. */
export const RestartPolicy = z
  .strictObject({
    mode: mode.optional(),
    max_attempts: attempts.optional(),
    window_seconds: window.optional(),
    backoff_seconds: backoff.optional(),
  })
  .meta({ id: 'RestartPolicy' });
export type RestartPolicy = z.infer<typeof RestartPolicy>;

/** The same in a merge patch: null goes back to the platform's. */
export const RestartPolicyPatch = z
  .strictObject({
    mode: mode.nullable().optional(),
    max_attempts: attempts.nullable().optional(),
    window_seconds: window.nullable().optional(),
    backoff_seconds: backoff.nullable().optional(),
  })
  .meta({ id: 'RestartPolicyPatch' });

/** How an agent stands with its policy. */
export const RecoveryView = z
  .object({
    mode,
    max_attempts: z.number(),
    window_seconds: z.number(),
    backoff_seconds: z.number(),
    attempts_used: z.number().describe('Losses that count at this moment.'),
    next_attempt_at: z.iso.datetime().nullable().describe('When the backoff that runs now ends.'),
  })
  .meta({ id: 'Recovery' });
export type RecoveryView = z.infer<typeof RecoveryView>;

/** What the whole process tree of an agent took when it was last looked at. */
export const Resources = z
  .object({
    memory_bytes: z.number().describe('Memory that its end would give back: without pages of files.'),
    cpu_seconds: z.number().describe('Since the process was started.'),
    cpu_percent: z.number().describe('Of one core, between the last two samples.'),
    processes: z.number(),
    sampled_at: z.iso.datetime(),
  })
  .meta({ id: 'Resources' });
export type Resources = z.infer<typeof Resources>;
