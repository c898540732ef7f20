/** What the API wants of a session. */
export type Intent = 'active' | 'stopped' | 'archived';
/** What the log says of the turn. */
export type TurnStatus = 'idle' | 'running' | 'waiting' | 'rescheduling' | 'terminated';
/** What the reconciler saw of the sandbox. */
export type SandboxPhase =
  | 'none'
  | 'starting'
  | 'warming'
  | 'ready'
  | 'unhealthy'
  | 'recovering'
  | 'draining'
  | 'failed';

/** Each status with what it means and what ends it. */
export const STATUSES = {
  stopped: 'Not running by request; messages are refused until it is started.',
  starting: 'A place is found, its directory prepared and its process spawned; ends when the process is up.',
  warming: 'The process is up and has yet to answer its first probe.',
  idle: 'Ready for the next message.',
  running: 'A turn is being worked on; ends with its answer.',
  hibernated: 'No process runs; the next message wakes it where it left off.',
  unhealthy: 'A health check failed; ends with recovery.',
  recovering: 'Its process was lost; a new one follows after the backoff.',
  draining: 'It finishes its work before it stops.',
  error: 'Attempts are used up; start brings it back.',
  terminated: 'Ended for good.',
} as const;

export type Status = keyof typeof STATUSES;

/** Why a session is in its status: a closed list, each with a sentence for people. */
export const STATUS_REASONS = {
  created: 'The session was created.',
  imported: 'It was imported from an archive.',
  start_requested: 'Somebody asked for a start.',
  restart_requested: 'Somebody asked for a restart.',
  stop_requested: 'Somebody asked for a stop.',
  workspace_archived: 'Its workspace was archived.',
  hibernate_requested: 'Somebody asked for it to sleep.',
  delete_requested: 'Somebody asked for its deletion.',
  message_received: 'A message woke it.',
  version_changed: 'Its agent was changed: a new process works with the new version.',
  query_ended: 'The query has its answer; the session is removed.',
  recovery_started: 'Another process takes over.',
  process_spawned: 'Its process was spawned.',
  probe_answered: 'Its process answered.',
  turn_started: 'A message was taken from the inbox.',
  turn_ended: 'The turn ended.',
  turn_interrupted: 'Somebody interrupted the turn.',
  turn_timed_out: 'The turn took longer than AGENT_TIMEOUT.',
  approval_requested: 'A tool waits for an approval.',
  approval_answered: 'Every tool that waited for an approval has its answer.',
  approval_waits: 'Its process was let go while a tool waits for an approval.',
  turn_retry: 'The model failed; the turn is tried again.',
  provider_down: 'No model provider answers; the turn waits and is tried again.',
  start_failed: 'Its process could not be started.',
  start_refused: 'Its node must not run it; another try would end the same.',
  process_exited: 'Its process ended by itself; the detail has its exit code.',
  process_killed: 'Its process was ended by a signal that the platform did not send.',
  out_of_memory: 'Its process was ended because memory ran out.',
  memory_limit: 'It was ended because it reached its limit of memory.',
  pids_limit: 'It was ended because it stood at its limit of processes.',
  disk_limit: 'It was ended because its files took more disk than they may.',
  stream_ended: 'Its process lives but has closed its output.',
  control_channel_timeout: 'Its process did not answer a health check in time.',
  turn_stalled: 'Its turn gave no sign of life for longer than allowed.',
  transcript_lost: 'Its transcript could not be stored.',
  node_lost: 'The node that ran it is gone.',
  node_drained: 'The node that ran it was drained or shut down.',
  no_matching_node: 'No node that runs may run it; the detail says what it asks for.',
  directory_held: 'Its files lie on one node alone, which has no free place; it goes on there.',
  matching_node_found: 'A node that may run it is there again.',
  placement_changed: 'Its node may not run it any more.',
  drain_undone: 'Its node takes work again.',
  idle_timeout: 'Nobody talked to it for as long as its idle timeout.',
  slot_needed: 'Its place was needed by another agent.',
  memory_short: 'The machine is short of memory.',
  start_queued: 'As many agents start as may at once; its turn comes.',
  transcript_unverified: 'What its process wrote could not be found in the store; it stays awake.',
  attempts_used_up: 'Recovery was tried as often as allowed.',
  recovery_off: 'Its process was lost, and its restart policy is never.',
  stopped: 'Its process ended as asked.',
} as const;

export type StatusReason = keyof typeof STATUS_REASONS;
