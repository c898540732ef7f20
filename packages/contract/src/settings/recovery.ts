import { flag, whole } from './forms.ts';

/** How processes start, are watched and replaced. */
export const recoverySettings = {
  START_TIMEOUT: whole(1, 600).default(60).describe('Seconds an agent process gets to answer its first probe.'),
  MAX_CONCURRENT_STARTS: whole(1, 1_000)
    .default(8)
    .describe('Processes that start on this node at the same time; recoveries take half of them at most.'),
  ENABLE_AUTO_RECOVERY: flag
    .default(true)
    .describe('Whether agents without a restart policy of their own are recovered: always, or never.'),
  MAX_RECOVERY_ATTEMPTS: whole(0, 100)
    .default(3)
    .describe('Recoveries within RECOVERY_WINDOW_SECONDS before an agent is in error.'),
  RECOVERY_WINDOW_SECONDS: whole(10, 86_400)
    .default(600)
    .describe('Seconds in which lost processes are counted; a completed turn ends it early.'),
  RECOVERY_BACKOFF_SECONDS: whole(0, 600)
    .default(5)
    .describe('Seconds before the second recovery; doubles with each one after it.'),
  RECOVERY_BACKOFF_MAX_SECONDS: whole(1, 86_400).default(300).describe('Longest wait before a recovery, in seconds.'),
  HEALTH_CHECK_INTERVAL: whole(1, 3_600)
    .default(15)
    .describe('Seconds between two health checks of an agent process, at most.'),
  HEALTH_CHECK_TIMEOUT: whole(1, 600)
    .default(3)
    .describe(
      'Seconds a process gets to answer a health check; twice as many if it sleeps, three times if it is at work.',
    ),
  STALL_MODEL_SECONDS: whole(0, 86_400)
    .default(900)
    .describe('Seconds a turn may wait for the first byte of the model; 0: no limit.'),
  STALL_STREAM_SECONDS: whole(0, 86_400)
    .default(330)
    .describe('Seconds of silence in an answer that has begun; 0: no limit.'),
  STALL_TOOL_SECONDS: whole(0, 86_400).default(1_800).describe('Seconds of silence while a tool runs; 0: no limit.'),
  REAPER_INTERVAL: whole(1, 86_400)
    .default(60)
    .describe('Seconds between two searches for processes of agents that nobody owns any more; they are killed.'),
};
