import { AGENT_TYPE_NAMES } from '@aaas/contract/agent-config';
import { Counter, Histogram, Registry } from 'prom-client';
import { createDirectoryMetrics, type DirectoryMetrics } from './directory-metrics.ts';
import { createRedisMetrics, type RedisMetrics } from './redis-metrics.ts';
import { createRetentionMetrics, type RetentionMetrics } from './retention-metrics.ts';
import { createSandboxMetrics, type SandboxMetrics } from './sandbox-metrics.ts';
import { createScaleMetrics, type ScaleMetrics } from './scale-metrics.ts';
import { createStartMetrics, type StartMetrics } from './start-metrics.ts';

/** What the platform counts while it works. Every label has a closed set of values. */
export interface Metrics
  extends SandboxMetrics,
    DirectoryMetrics,
    ScaleMetrics,
    StartMetrics,
    RedisMetrics,
    RetentionMetrics {
  agentCreated(agentType: string): void;
  agentDeleted(): void;
  /** `errorType`: the status reason of a lost process, or the error type of a failed turn. */
  agentFailed(errorType: string): void;
  messageEnded(agentType: string, seconds: number): void;
  /** `endpoint`: the pattern of the route, never the path that was asked for. */
  requestEnded(method: string, endpoint: string, seconds: number): void;
  /** A request was refused for coming too often. `policy`: as in the RateLimit headers. */
  limitReached(policy: string): void;
  /** A request went on uncounted, because the store of the limits failed. */
  limitFailed(): void;
  /** The sandboxes of this node were frozen: its lease could not be renewed in time. */
  nodeFrozen(): void;
  /** The lease ended and others took the sessions. */
  leaseLost(): void;
  /** So many processes of agents had no owner and were killed. */
  processesReaped(count: number): void;
  /** A turn waits because no model provider answers. */
  turnPostponed(): void;
  /** A process ended with its session asleep or stopped; `reason`: a status reason. */
  slept(reason: string): void;
  /** What a process wrote was compared with what is stored. */
  transcriptChecked(outcome: 'verified' | 'repaired' | 'unverified'): void;
  /** A message was refused because MAX_WAITING_AGENTS wait for a place. */
  lineFull(): void;
  /** An approval was answered, or nobody answered in time. */
  approvalEnded(decision: 'allowed' | 'denied' | 'expired', seconds: number): void;
  /** A sandbox reached a limit. Both labels as in `x.limit_reached`. */
  sandboxLimited(resource: string, outcome: string): void;
  /** An entry of the audit log went to the server's log instead. */
  auditEntryLost(): void;
  /** A sandboxed agent wanted to connect to a host outside. */
  agentConnected(outcome: 'allowed' | 'refused'): void;
}

const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const SLEEP_REASONS = ['idle_timeout', 'slot_needed', 'memory_short', 'hibernate_requested', 'stop_requested'];
const MESSAGE_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];

const APPROVAL_SECONDS = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 604_800];

// Those that everybody meets start at 0: of a series that begins with 1, Prometheus sees no increase.
const ERROR_TYPES = [
  ...[
    'start_failed',
    'start_refused',
    'process_exited',
    'process_killed',
    'out_of_memory',
    'memory_limit',
    'pids_limit',
    'disk_limit',
    'stream_ended',
    'transcript_lost',
  ],
  ...['control_channel_timeout', 'turn_stalled', 'node_lost', 'attempts_used_up', 'recovery_off', 'turn_retry'],
  ...['turn_timed_out', 'model_overloaded_error', 'model_rate_limited_error', 'model_request_failed_error'],
];

const SANDBOX_LIMITS = [
  ['memory', 'process_killed'],
  ['memory', 'sandbox_killed'],
  ['node_memory', 'process_killed'],
  ['node_memory', 'sandbox_killed'],
  ['pids', 'refused'],
  ['pids', 'sandbox_killed'],
  ['disk', 'sandbox_killed'],
  ['cpu', 'throttled'],
  ['cpu', 'released'],
] as const;

const POLICIES = [
  ...['general', 'create', 'query'].flatMap((name) => [`${name}-key`, `${name}-workspace`]),
  ...['v1-creates', 'v1-reads', 'failed-auth', 'open-requests'],
];

/** The counters of this process. This file, the others of *-metrics.ts, and gauges.ts are where metrics are declared. */
export function createMetrics(): Metrics & { registry: Registry } {
  const registry = new Registry();
  const registers = [registry];
  const created = new Counter({
    name: 'aaas_agents_created_total',
    help: 'Agents deployed through this process.',
    labelNames: ['agent_type'],
    registers,
  });
  const deleted = new Counter({
    name: 'aaas_agents_deleted_total',
    help: 'Agents deleted through this process.',
    registers,
  });
  const errors = new Counter({
    name: 'aaas_agent_errors_total',
    help: 'What went wrong with agents on this node: lost processes by status reason, failed turns by error type.',
    labelNames: ['error_type'],
    registers,
  });
  const messages = new Histogram({
    name: 'aaas_message_duration_seconds',
    help: 'From the acceptance of a message to the end of its turn, the wait in the queue included.',
    labelNames: ['agent_type'],
    buckets: MESSAGE_SECONDS,
    registers,
  });
  const requests = new Histogram({
    name: 'aaas_http_request_duration_seconds',
    help: 'HTTP requests by method and route; a stream counts when it ends.',
    labelNames: ['method', 'endpoint'],
    buckets: REQUEST_SECONDS,
    registers,
  });
  const limited = new Counter({
    name: 'aaas_limit_reached_total',
    help: 'Requests refused for coming too often, by the policy of the RateLimit headers; failed-auth: without a valid key; open-requests: too many of a workspace at once.',
    labelNames: ['policy'],
    registers,
  });
  const uncounted = new Counter({
    name: 'aaas_limit_failures_total',
    help: 'Requests that went on uncounted because the store of the limits failed.',
    registers,
  });
  const unrecorded = new Counter({
    name: 'aaas_audit_entries_lost_total',
    help: 'Entries of the audit log that could not be written; they are in the log of the server.',
    registers,
  });
  const frozen = new Counter({
    name: 'aaas_node_freezes_total',
    help: 'How often all sandboxes of this node were frozen because its lease could not be renewed in time.',
    registers,
  });
  const lost = new Counter({
    name: 'aaas_node_leases_lost_total',
    help: 'How often the lease of this node ended and other nodes took its sessions.',
    registers,
  });
  const reaped = new Counter({
    name: 'aaas_processes_reaped_total',
    help: 'Processes of agents that had no owner and were killed.',
    registers,
  });
  const postponed = new Counter({
    name: 'aaas_turns_postponed_total',
    help: 'How often a turn was put off because no model provider answered.',
    registers,
  });
  const sleeps = new Counter({
    name: 'aaas_sleeps_total',
    help: 'Processes that were ended because their session sleeps, stops or moves, by status reason.',
    labelNames: ['reason'],
    registers,
  });
  const checks = new Counter({
    name: 'aaas_transcript_checks_total',
    help: 'Transcripts compared with the store before their process ended: verified, repaired, or unverified.',
    labelNames: ['outcome'],
    registers,
  });
  const full = new Counter({
    name: 'aaas_line_full_total',
    help: 'Messages refused because MAX_WAITING_AGENTS agents wait for a place already.',
    registers,
  });
  for (const reason of SLEEP_REASONS) sleeps.inc({ reason }, 0);
  for (const outcome of ['verified', 'repaired', 'unverified']) checks.inc({ outcome }, 0);
  const approvals = new Histogram({
    name: 'aaas_approval_wait_seconds',
    help: 'From the question of an agent to its answer, by the answer; expired: there was none in time.',
    labelNames: ['decision'],
    buckets: APPROVAL_SECONDS,
    registers,
  });
  for (const decision of ['allowed', 'denied', 'expired']) approvals.zero({ decision });
  const limits = new Counter({
    name: 'aaas_sandbox_limits_total',
    help: 'Limits that sandboxes of this node reached, by resource and by what came of it.',
    labelNames: ['resource', 'outcome'],
    registers,
  });
  for (const [resource, outcome] of SANDBOX_LIMITS) limits.inc({ resource, outcome }, 0);
  const connections = new Counter({
    name: 'aaas_agent_connections_total',
    help: 'Connections that sandboxed agents on this node wanted to hosts outside, by whether they were let out.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['allowed', 'refused']) connections.inc({ outcome }, 0);
  for (const policy of POLICIES) limited.inc({ policy }, 0);
  for (const agent_type of AGENT_TYPE_NAMES) created.inc({ agent_type }, 0);
  for (const error_type of ERROR_TYPES) errors.inc({ error_type }, 0);
  return {
    registry,
    ...createSandboxMetrics(registry),
    ...createScaleMetrics(registry),
    ...createStartMetrics(registry),
    ...createRedisMetrics(registry),
    ...createRetentionMetrics(registry),
    ...createDirectoryMetrics(registry),
    agentCreated: (agentType) => created.inc({ agent_type: agentType }),
    agentDeleted: () => deleted.inc(),
    agentFailed: (errorType) => errors.inc({ error_type: errorType }),
    messageEnded: (agentType, seconds) => messages.observe({ agent_type: agentType }, seconds),
    requestEnded: (method, endpoint, seconds) => requests.observe({ method, endpoint }, seconds),
    limitReached: (policy) => limited.inc({ policy }),
    limitFailed: () => uncounted.inc(),
    approvalEnded: (decision, seconds) => approvals.observe({ decision }, seconds),
    sandboxLimited: (resource, outcome) => limits.inc({ resource, outcome }),
    auditEntryLost: () => unrecorded.inc(),
    agentConnected: (outcome) => connections.inc({ outcome }),
    nodeFrozen: () => frozen.inc(),
    leaseLost: () => lost.inc(),
    processesReaped: (count) => reaped.inc(count),
    turnPostponed: () => postponed.inc(),
    slept: (reason) => sleeps.inc({ reason }),
    transcriptChecked: (outcome) => checks.inc({ outcome }),
    lineFull: () => full.inc(),
  };
}
