import { z } from 'zod';

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max));
const flag = z
  .enum(['true', 'false', '1', '0'], 'must be true or false')
  .transform((text) => text === 'true' || text === '1');
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' });

/**
 * Every setting of the platform: an environment variable, its form, its default and what it does.
 * A secret may also come from a file named by `<NAME>_FILE`.
 */
export const Settings = z.object({
  ENVIRONMENT: z
    .enum(['development', 'staging', 'production'])
    .default('production')
    .describe('Chooses the profile of defaults: see PROFILES.'),
  HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
  PORT: whole(0, 65_535).default(8000).describe('Port to listen on; 0 takes a free one.'),
  DATA_DIR: z
    .string()
    .min(1)
    .default('./data')
    .describe('Directories of agents, the embedded database, the admin key.'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional()
    .describe('A PostgreSQL server. Without it the embedded one runs under DATA_DIR.'),
  API_KEY: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe('Admin key. Without it one is made in DATA_DIR/admin.key.'),
  REQUIRE_API_KEY: flag.default(true).describe('false lets everybody in; development only.'),
  MAX_KEYS_PER_WORKSPACE: whole(1, 100_000)
    .default(1_000)
    .describe('Keys of one workspace that are neither revoked nor expired; its test side counts apart.'),
  ANTHROPIC_API_KEY: z
    .string()
    .min(1)
    .optional()
    .describe('Key of the upstream. Without it and without ANTHROPIC_BASE_URL the simulator serves.'),
  ANTHROPIC_BASE_URL: httpUrl
    .optional()
    .describe('Any server that speaks the Messages API. Default: https://api.anthropic.com.'),
  DEFAULT_MODEL: z.string().min(1).default('claude-sonnet-5-5').describe('Model of agents that name none.'),
  MAX_AGENTS: whole(1, 10_000).default(100).describe('Live agent processes on this node, at most.'),
  MAX_QUEUED_MESSAGES: whole(1, 100_000).default(1_000).describe('Messages that may wait for one agent.'),
  ENABLE_IDLE_SHUTDOWN: flag.default(true).describe('Whether agents sleep when nobody talks to them.'),
  AGENT_IDLE_TIMEOUT: whole(1, 2_592_000)
    .default(300)
    .describe('Seconds an agent may wait for work before it sleeps; the next message wakes it.'),
  QUERY_RETENTION: whole(60, 31_536_000)
    .default(86_400)
    .describe('Seconds for which the answer of a one-shot query is kept.'),
  AGENT_TIMEOUT: whole(1, 86_400).default(3_600).describe('Seconds a turn may take.'),
  DRAIN_TIMEOUT: whole(0, 3_600)
    .default(30)
    .describe('Seconds a running turn gets when its agent or the server stops.'),
  INTERRUPT_TIMEOUT: whole(1, 60)
    .default(2)
    .describe('Seconds an interrupted process gets before it is killed and resumed.'),
  START_TIMEOUT: whole(1, 600).default(60).describe('Seconds an agent process gets to answer its first probe.'),
  MAX_RECOVERY_ATTEMPTS: whole(0, 100).default(3).describe('Recoveries in a row before an agent is in error.'),
  RECOVERY_BACKOFF_SECONDS: whole(0, 600)
    .default(5)
    .describe('Wait before the second recovery; doubles with each one after it.'),
  LEASE_TTL: whole(2, 600).default(10).describe('Seconds without a heartbeat after which a node counts as gone.'),
  AGENT_UID_BASE: whole(1_000, 2_000_000_000)
    .optional()
    .describe(
      'When the server is root, agents run as uids from here on. Default: a range of this node’s own, from 200000 up.',
    ),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least important lines that are logged.'),
});
export type Settings = z.output<typeof Settings>;
export type SettingName = keyof Settings;

/** Never logged, never shown; each may also come from a file. */
export const SECRET_SETTINGS = ['API_KEY', 'ANTHROPIC_API_KEY', 'DATABASE_URL'] as const satisfies SettingName[];

export function isSecret(name: SettingName): boolean {
  return (SECRET_SETTINGS as readonly SettingName[]).includes(name);
}

/** May change while the platform runs, for all its nodes at once. The others are fixed when a node starts. */
export const LIVE_SETTINGS = [
  'QUERY_RETENTION',
  'DEFAULT_MODEL',
  'MAX_AGENTS',
  'MAX_QUEUED_MESSAGES',
  'MAX_KEYS_PER_WORKSPACE',
  'ENABLE_IDLE_SHUTDOWN',
  'AGENT_IDLE_TIMEOUT',
  'AGENT_TIMEOUT',
  'DRAIN_TIMEOUT',
  'INTERRUPT_TIMEOUT',
  'START_TIMEOUT',
  'MAX_RECOVERY_ATTEMPTS',
  'RECOVERY_BACKOFF_SECONDS',
  'LOG_LEVEL',
] as const satisfies SettingName[];
export type LiveSettingName = (typeof LIVE_SETTINGS)[number];

export function isLive(name: string): name is LiveSettingName {
  return (LIVE_SETTINGS as readonly string[]).includes(name);
}

/** Defaults that belong to an environment; whatever is set itself is stronger. */
export const PROFILES: Record<Settings['ENVIRONMENT'], Partial<Record<SettingName, string>>> = {
  development: { MAX_AGENTS: '10', LOG_LEVEL: 'debug' },
  staging: { MAX_AGENTS: '50', LOG_LEVEL: 'info' },
  production: { MAX_AGENTS: '100', LOG_LEVEL: 'warn', REQUIRE_API_KEY: 'true' },
};
