import { z } from 'zod';
import { AgentBudget } from './budgets.ts';
import { AgentLimits, AgentLimitsPatch } from './limits.ts';
import { McpServersPatch, McpServersRequest, type StoredMcpServer } from './mcp.ts';
import { AgentNetwork } from './network.ts';
import { Placement, PlacementPatch } from './placement.ts';
import { RestartPolicy, RestartPolicyPatch } from './restart-policy.ts';

export const AGENT_TYPE_NAMES = [
  'general',
  'research',
  'code',
  'finance',
  'customer_support',
  'personal_assistant',
  'data_analysis',
  'custom',
] as const;
export type AgentTypeName = (typeof AGENT_TYPE_NAMES)[number];

export const PERMISSION_MODES = ['default', 'acceptEdits', 'bypassPermissions', 'plan', 'dontAsk', 'auto'] as const;
export type PermissionMode = (typeof PERMISSION_MODES)[number];

/** The built-in tools an agent may be given, by the names that Claude Code gives them. */
export const TOOL_NAMES = [
  'Bash',
  'Read',
  'Write',
  'Edit',
  'NotebookEdit',
  'Glob',
  'Grep',
  'WebFetch',
  'WebSearch',
  'TodoWrite',
] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
// Names by which an agent could redirect its own model traffic, its binary or its supervision.
const RESERVED_ENV =
  /^(ANTHROPIC_|CLAUDE|AAAS_|LD_|DYLD_|NODE_|BUN_|OTEL_)|^(HOME|PATH|TMPDIR|USER|LOGNAME|SHELL|PWD|IFS|ENV|BASH_ENV|HTTPS?_PROXY|NO_PROXY|ALL_PROXY|DISABLE_AUTOUPDATER|API_TIMEOUT_MS|IS_SANDBOX)$/i;

const envName = z
  .string()
  .regex(ENV_NAME, 'must be letters, digits and underscores')
  .refine((name) => !RESERVED_ENV.test(name), 'is reserved by the platform; choose another name');
const envValue = z
  .string()
  .max(32_768)
  .refine((value) => !value.includes('\0'), 'must not contain NUL');

const text = (max: number) => z.string().min(1).max(max);

/** `config` of `POST /api/v1/agents`. What is left out comes from the agent type. */
export const AgentConfigRequest = z
  .strictObject({
    agent_type: z
      .enum(AGENT_TYPE_NAMES)
      .describe('One of the eight types; `custom` takes everything from this request.'),
    name: text(256).optional().describe('For people; defaults to the type and a few characters of the id.'),
    description: z.string().max(2048).optional(),
    model: text(256).optional().describe('Any model that an upstream serves. Default: DEFAULT_MODEL.'),
    system_prompt: text(100_000).optional().describe('Replaces the prompt of the type.'),
    personality: text(2_000).optional().describe('How the agent should come across, in your own words.'),
    language: text(100).optional().describe('The language it answers in, for example `German`.'),
    allowed_tools: z
      .array(z.enum(TOOL_NAMES))
      .max(TOOL_NAMES.length)
      .optional()
      .describe('The tools it has. An empty list: none.'),
    permission_mode: z.enum(PERMISSION_MODES).optional(),
    max_turns: z.int().min(1).max(1_000).optional().describe('Model requests in one turn, at most.'),
    max_tokens: z.int().min(1).max(128_000).optional().describe('Tokens of one model answer, at most.'),
    temperature: z.number().min(0).max(1).optional().describe('Used when the request does not think.'),
    env: z
      .record(envName, envValue)
      .refine((env) => Object.keys(env).length <= 100, 'at most 100 variables')
      .optional()
      .describe('Environment of this agent’s process alone. Values are never shown again.'),
    mcp_servers: McpServersRequest.optional(),
    approval_timeout_seconds: z
      .int()
      .min(0)
      .max(31_536_000)
      .optional()
      .describe('Time a person has to approve a tool. Default: APPROVAL_TIMEOUT. 0: nobody is asked.'),
    network: AgentNetwork.optional().describe('Without it NETWORK_ALLOW holds. Enforced at isolation `sandbox` alone.'),
    harness: z.enum(['claude-agent-sdk', 'native']).optional(),
    limits: AgentLimits.optional().describe('What it may use of its machine.'),
    restart_policy: RestartPolicy.optional().describe('What becomes of it when its process is lost.'),
    idle_timeout_seconds: z
      .int()
      .min(0)
      .max(2_592_000)
      .optional()
      .describe('Seconds without work before it sleeps. 0: never for that reason. Default: what the platform has.'),
    placement: Placement.optional().describe('Which nodes may run it.'),
    budget: AgentBudget.optional().describe('What it may spend; each limit holds on its own.'),
  })
  .meta({ id: 'AgentConfigRequest' });
export type AgentConfigRequest = z.infer<typeof AgentConfigRequest>;

const { agent_type: _type, env: _env, mcp_servers: _servers, ...changeable } = AgentConfigRequest.shape;

type Nullable<Shape extends z.core.$ZodShape> = { [Name in keyof Shape]: z.ZodNullable<Shape[Name]> };

/**
 * `config` of `PATCH /api/v1/agents/{id}`: a JSON merge patch (RFC 7396). What is left out stays, null takes what the
 * agent type brings.
 */
export const AgentConfigPatch = z
  .strictObject({
    ...(Object.fromEntries(Object.entries(changeable).map(([name, schema]) => [name, z.nullable(schema)])) as Nullable<
      typeof changeable
    >),
    agent_type: z.enum(AGENT_TYPE_NAMES).optional().describe('Cannot change; the same one is accepted.'),
    env: z
      .record(envName, z.nullable(envValue))
      .nullable()
      .optional()
      .describe('Merged by name: null removes a variable. Values are never shown again.'),
    mcp_servers: McpServersPatch.nullable().optional(),
    limits: AgentLimitsPatch.nullable().optional(),
    restart_policy: RestartPolicyPatch.nullable().optional(),
    placement: PlacementPatch.nullable().optional(),
  })
  .meta({ id: 'AgentConfigPatch' });
export type AgentConfigPatch = z.infer<typeof AgentConfigPatch>;

/** A version of an agent as it is stored: everything resolved, nothing left to defaults. */
export interface AgentDefinition {
  agent_type: AgentTypeName;
  name: string;
  description: string | null;
  model: string;
  /** `claude_code` keeps Claude Code's own prompt and appends ours; `none` uses ours alone. */
  prompt_base: 'claude_code' | 'none';
  system_prompt: string;
  personality: string | null;
  language: string | null;
  allowed_tools: ToolName[];
  permission_mode: PermissionMode;
  max_turns: number | null;
  max_tokens: number | null;
  temperature: number | null;
  /** With values before it is stored and when they are needed; stored it is empty, and `sealed_env` says where they are. */
  env: Record<string, string>;
  /** Missing: it has no variables, or is of before they were sealed and has them in `env`. */
  sealed_env?: { names: string[]; credential: string };
  mcp_servers: Record<string, StoredMcpServer>;
  harness: 'claude-agent-sdk';
  /** Null, or in versions of before there were approvals not there: APPROVAL_TIMEOUT. */
  approval_timeout_seconds?: number | null;
  /** What it may reach; null, and in older versions missing: what NETWORK_ALLOW says. */
  network?: AgentNetwork | null;
  /** Versions of before budgets have none. */
  budget?: AgentBudget | null;
  /** Null, or what it leaves out: what the platform gives to each agent. Versions of before limits have none. */
  limits?: AgentLimits | null;
  /** Null, and in older versions nothing: all of it is the platform's. */
  restart_policy?: RestartPolicy | null;
  /** Null, and in older versions missing: any node. */
  placement?: Placement | null;
  /** 0: it does not sleep for being idle. Null, as in versions of before: AGENT_IDLE_TIMEOUT, if ENABLE_IDLE_SHUTDOWN. */
  idle_timeout_seconds?: number | null;
}
