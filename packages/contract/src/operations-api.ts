import { z } from 'zod';
import { AGENT_TYPE_NAMES, AgentConfigRequest, PERMISSION_MODES } from './agent-config.ts';
import { AgentBudget, BudgetState } from './budgets.ts';
import { Enforcement } from './enforcement.ts';
import { ERRORS, type ErrorCode } from './errors.ts';
import { STATUS_REASONS, STATUSES, type Status, type StatusReason } from './lifecycle.ts';
import { AgentLimits } from './limits.ts';
import { McpServerView } from './mcp.ts';
import { Metadata } from './metadata.ts';
import { AgentNetwork } from './network.ts';
import { Placement } from './placement.ts';
import { RecoveryView, Resources, RestartPolicy } from './restart-policy.ts';
import { ROLES } from './roles.ts';
import { StartReport, WarmPoolState } from './starts.ts';
import { UpstreamHealth } from './upstreams.ts';

const names = <T extends string>(record: Record<T, unknown>) => Object.keys(record) as [T, ...T[]];
const timestamp = z.iso.datetime().describe('RFC 3339, UTC');

export const StatusName = z.enum(names<Status>(STATUSES)).meta({ id: 'Status' });
export const StatusReasonName = z.enum(names<StatusReason>(STATUS_REASONS)).meta({ id: 'StatusReason' });

export const CreateAgentRequest = z
  .strictObject({
    config: AgentConfigRequest,
    metadata: Metadata.optional(),
    auto_start: z.boolean().default(true).describe('false: it stays stopped until it is started.'),
  })
  .meta({ id: 'CreateAgentRequest' });

export const CreateAgentResponse = z
  .object({ agent_id: z.string(), status: StatusName, endpoint: z.string(), message: z.string() })
  .meta({ id: 'CreateAgentResponse' });
export type CreateAgentResponse = z.infer<typeof CreateAgentResponse>;

/** A definition as it is shown: everything resolved. */
export const AgentConfig = z
  .object({
    agent_type: z.enum(AGENT_TYPE_NAMES),
    name: z.string(),
    description: z.string().nullable(),
    model: z.string(),
    system_prompt: z.string(),
    personality: z.string().nullable(),
    language: z.string().nullable(),
    allowed_tools: z.array(z.string()),
    permission_mode: z.enum(PERMISSION_MODES),
    max_turns: z.number().nullable(),
    max_tokens: z.number().nullable(),
    temperature: z.number().nullable(),
    env: z.record(z.string(), z.literal('[set]')).describe('Names only; values are never shown.'),
    mcp_servers: z.record(z.string(), McpServerView),
    harness: z.literal('claude-agent-sdk'),
    budget: AgentBudget.nullable(),
    limits: AgentLimits.nullable().describe('What it leaves out is what the platform gives to each agent.'),
    network: AgentNetwork.nullable().describe('null: NETWORK_ALLOW holds.'),
    placement: Placement.nullable().describe('null: any node may run it.'),
    restart_policy: RestartPolicy.nullable().describe('What it does not name is the platform’s.'),
    idle_timeout_seconds: z
      .number()
      .nullable()
      .describe('0: it does not sleep for being idle. null: AGENT_IDLE_TIMEOUT of the platform.'),
  })
  .meta({ id: 'AgentConfig' });
export type AgentConfig = z.infer<typeof AgentConfig>;

/** What a session last left in its working directory when it went to sleep. */
export const DirectorySnapshot = z
  .object({
    id: z.string().describe('The same for as long as nothing in the directory changes.'),
    seq: z.number().describe('The log up to here is reflected in it.'),
    taken_at: timestamp,
    files: z.number(),
    bytes: z.number(),
    complete: z.boolean().describe('false: there is more in the directory than was looked at.'),
    stored: z
      .object({
        id: z.string().describe('Of the snapshot that it is.'),
        seq: z.number(),
        taken_at: timestamp,
        archive_bytes: z.number(),
        clean: z.boolean().describe('false: a process of the agent lived meanwhile, and may have written.'),
      })
      .nullable()
      .describe('What of it outlives its node; null: nothing. See DIRECTORY_STORE.'),
  })
  .meta({ id: 'DirectorySnapshot' });

export const Agent = z
  .object({
    id: z.string(),
    session_id: z.string().describe('Its main session; the same one under /v1.'),
    status: StatusName,
    status_reason: StatusReasonName,
    status_since: timestamp,
    status_detail: z.string().nullable().describe('For people: the last output of a failed start, for example.'),
    next_action: z.string().nullable(),
    config: AgentConfig,
    metadata: z.record(z.string(), z.string()),
    version: z.number().describe('The newest one; `config` is of it. Also the ETag.'),
    active_version: z
      .number()
      .describe('The one that the main session works with; it takes the newest when its turn has ended.'),
    created_at: timestamp,
    endpoint: z.string(),
    pid: z.number().nullable(),
    node: z.string().nullable(),
    region: z.string().nullable().describe('Where it is to run; null: anywhere.'),
    messages_count: z.number(),
    messages_waiting: z.number(),
    usage: z.object({
      input_tokens: z.number(),
      output_tokens: z.number(),
      cost_usd: z.number(),
      budget: z
        .array(BudgetState)
        .optional()
        .describe('How far its own limits are used up. Only when one agent is asked for.'),
    }),
    restarts: z.number(),
    recovery: RecoveryView.optional().describe('Only when one agent is asked for.'),
    resources: Resources.nullable()
      .optional()
      .describe('Of its process tree; null: none runs, or it was not looked at yet. Only when one agent is asked for.'),
    directory_snapshot: DirectorySnapshot.nullable().describe('Of its last sleep, or the last one that was stored.'),
  })
  .meta({ id: 'Agent' });
export type Agent = z.infer<typeof Agent>;

export const AgentType = z
  .object({
    name: z.enum(AGENT_TYPE_NAMES),
    title: z.string(),
    description: z.string(),
    tools: z.array(z.string()),
    permission_mode: z.enum(PERMISSION_MODES),
    system_prompt: z.string(),
  })
  .meta({ id: 'AgentType' });
export type AgentType = z.infer<typeof AgentType>;

/** Longest message, in characters. */
export const MESSAGE_MAX_CHARS = 1_000_000;

export const SendMessageRequest = z
  .strictObject({
    message: z.string().min(1).max(MESSAGE_MAX_CHARS).describe('What to say to the agent.'),
    context: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Facts that go with the message, as JSON; the agent sees them apart from it.'),
  })
  .meta({ id: 'SendMessageRequest' });

export const TurnUsage = z.object({
  input_tokens: z.number(),
  output_tokens: z.number(),
  cache_read_input_tokens: z.number(),
  cache_creation_input_tokens: z.number(),
});

export const MessageResponse = z
  .object({
    agent_id: z.string(),
    session_id: z.string(),
    response: z.string(),
    timestamp,
    metadata: z.object({
      turn_id: z.string(),
      stop_reason: z.string().nullable(),
      messages_count: z.number(),
      usage: TurnUsage,
      cost_usd: z.number(),
      duration_ms: z.number(),
      model: z.string().nullable(),
    }),
  })
  .meta({ id: 'MessageResponse' });
export type MessageResponse = z.infer<typeof MessageResponse>;

/** Where a turn stands that has not begun. */
export const QueuePosition = z
  .number()
  .nullable()
  .describe(
    '1: it is the next. Messages before it of the same agent count, and agents that get a place before its own. null: it does not wait.',
  );

export const TurnAccepted = z
  .object({
    turn_id: z.string(),
    state: z.string(),
    endpoint: z.string(),
    approvals: z.array(z.string()).optional().describe('The turn waits for these: POST /api/v1/approvals/{id}.'),
  })
  .meta({ id: 'TurnAccepted' });
export type TurnAccepted = z.infer<typeof TurnAccepted>;

export const Turn = z
  .object({
    id: z.string(),
    state: z.enum(['queued', 'running', 'completed', 'failed', 'interrupted']),
    attempts: z.number().describe('Processes that worked on it.'),
    response: z.string().nullable(),
    stop_reason: z.string().nullable(),
    error: z.object({ type: z.string(), message: z.string() }).nullable(),
    approvals: z.array(z.string()).describe('What it waits for a person to approve.'),
    model: z.string().nullable(),
    usage: TurnUsage,
    cost_usd: z.number(),
    accepted_at: timestamp,
    started_at: timestamp.nullable(),
    ended_at: timestamp.nullable(),
    queue_position: QueuePosition,
  })
  .meta({ id: 'Turn' });
export type Turn = z.infer<typeof Turn>;

export const Message = z
  .object({
    turn_id: z.string(),
    state: z.string(),
    message: z.string(),
    response: z.string().nullable(),
    stop_reason: z.string().nullable(),
    model: z.string().nullable(),
    usage: TurnUsage,
    cost_usd: z.number(),
    accepted_at: timestamp,
    ended_at: timestamp.nullable(),
  })
  .meta({ id: 'Message' });
export type Message = z.infer<typeof Message>;

export const Event = z
  .looseObject({
    seq: z.number().describe('Place in the log: 1, 2, 3 … without a gap.'),
    id: z.string(),
    type: z.string(),
    turn_id: z.string().nullable(),
    processed_at: timestamp.nullable(),
  })
  .meta({ id: 'Event' });
export type Event = z.infer<typeof Event>;

export const LifecycleStep = z
  .object({
    seq: z.number(),
    at: timestamp,
    from: StatusName,
    to: StatusName,
    reason: StatusReasonName,
    detail: z.string().nullable(),
    start: StartReport.nullable().describe('Of a transition that ends a start, well or not.'),
  })
  .meta({ id: 'LifecycleStep' });
export type LifecycleStep = z.infer<typeof LifecycleStep>;

export const StatusChange = z
  .object({ agent_id: z.string(), session_id: z.string(), status: StatusName, message: z.string() })
  .meta({ id: 'StatusChange' });
export type StatusChange = z.infer<typeof StatusChange>;

export const ProblemBody = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]).describe('What programs go by.'),
    detail: z.string().describe('What is wrong and what to do next.'),
    retryable: z.boolean(),
    request_id: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

export const Info = z
  .object({
    name: z.string(),
    version: z.string(),
    simulated: z.boolean().describe('true: no provider is configured, and the built-in simulator answers.'),
    docs: z.string(),
    openapi: z.string(),
    health: z.string(),
  })
  .meta({ id: 'Info' });

export const Health = z
  .object({
    status: z.enum(['ok', 'draining', 'degraded']),
    version: z.string(),
    uptime_seconds: z.number(),
    roles: z.array(z.enum(ROLES)).describe('What this node does.'),
    simulated: z.boolean().describe('The simulator answers, as far as this node knows of the gateways.'),
    database: z.enum(['ok', 'unreachable']),
    redis: z
      .enum(['ok', 'unreachable', 'off'])
      .describe(
        'unreachable: limits and streams go over the database and between the nodes; off: there is no REDIS_URL',
      ),
    agents: z.object({ owned: z.number(), max: z.number() }),
    warm_pool: WarmPoolState.nullable().describe('null: this node runs no agents.'),
    upstreams: z.array(UpstreamHealth).describe('Of this node; none where it is no gateway.'),
    enforcement: Enforcement.nullable().describe('null: this node runs no agents.'),
  })
  .meta({ id: 'Health' });
export type Health = z.infer<typeof Health>;
