import { z } from 'zod';
import { accessSettings } from './settings/access.ts';
import { autoscalingSettings } from './settings/autoscaling.ts';
import { databaseSettings } from './settings/database.ts';
import { directorySettings } from './settings/directories.ts';
import { gatewaySettings } from './settings/gateway.ts';
import { httpSettings } from './settings/http.ts';
import { mcpSettings } from './settings/mcp.ts';
import { nodeSettings } from './settings/node.ts';
import { placementSettings } from './settings/placement.ts';
import { placeSettings } from './settings/places.ts';
import { rateLimitSettings } from './settings/rate-limits.ts';
import { recoverySettings } from './settings/recovery.ts';
import { retentionSettings } from './settings/retention.ts';
import { sandboxSettings } from './settings/sandboxes.ts';
import { sessionSettings } from './settings/sessions.ts';
import { telemetrySettings } from './settings/telemetry.ts';
import { webhookSettings } from './settings/webhooks.ts';

/**
 * Every setting of the platform: an environment variable, its form, its default and what it does.
 * A secret may also come from a file named by `<NAME>_FILE`.
 */
export const Settings = z.object({
  ...nodeSettings,
  ...databaseSettings,
  ...accessSettings,
  ...httpSettings,
  ...rateLimitSettings,
  ...gatewaySettings,
  ...placeSettings,
  ...autoscalingSettings,
  ...placementSettings,
  ...sessionSettings,
  ...mcpSettings,
  ...recoverySettings,
  ...sandboxSettings,
  ...directorySettings,
  ...webhookSettings,
  ...retentionSettings,
  ...telemetrySettings,
});
export type Settings = z.output<typeof Settings>;
export type SettingName = keyof Settings;

/** Never logged, never shown; each may also come from a file. */
export const SECRET_SETTINGS = [
  'API_KEY',
  'ANTHROPIC_API_KEY',
  'UPSTREAMS',
  'DATABASE_URL',
  'REDIS_URL',
  'ENCRYPTION_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
] as const satisfies SettingName[];

export function isSecret(name: SettingName): boolean {
  return (SECRET_SETTINGS as readonly SettingName[]).includes(name);
}

/** May change while the platform runs, for all its nodes at once. The others are fixed when a node starts. */
export const LIVE_SETTINGS = [
  'EVENT_RETENTION_DAYS',
  'LEDGER_RETENTION_DAYS',
  'UPSTREAM_MAX_CONCURRENCY',
  'UPSTREAM_WORKSPACE_SHARE',
  'UPSTREAM_QUEUE_LIMIT',
  'UPSTREAM_QUEUE_SECONDS',
  'UPSTREAM_BREAKER_FAILURES',
  'UPSTREAM_BREAKER_SECONDS',
  'UPSTREAM_FAILOVER_RETRIES',
  'UPSTREAM_FAILOVER_SECONDS',
  'QUERY_RETENTION',
  'DEFAULT_MODEL',
  'MAX_AGENTS',
  'MIN_AGENTS',
  'WARM_POOL_MEMORY_PERCENT',
  'ENABLE_AUTO_SCALING',
  'MIN_NODES',
  'MAX_NODES',
  'SCALE_UP_THRESHOLD',
  'SCALE_DOWN_THRESHOLD',
  'SCALE_WAIT_SECONDS',
  'SCALE_START_SECONDS',
  'SCALE_MIN_IDLE_SECONDS',
  'SCALE_WINDOW_SECONDS',
  'SCALE_LOOP_SECONDS',
  'SCALE_UP_COOLDOWN_SECONDS',
  'SCALE_DOWN_COOLDOWN_SECONDS',
  'SCALE_RETENTION_DAYS',
  'MAX_QUEUED_MESSAGES',
  'MAX_KEYS_PER_WORKSPACE',
  'ENABLE_IDLE_SHUTDOWN',
  'AGENT_IDLE_TIMEOUT',
  'IDLE_GRACE_SECONDS',
  'PLACE_SECONDS',
  'MAX_WAITING_AGENTS',
  'REGION_FAILOVER_SECONDS',
  'PLACEMENT_STRATEGY',
  'PLACEMENT_GRACE_SECONDS',
  'MEMORY_RESERVE_MB',
  'AGENT_TIMEOUT',
  'APPROVAL_TIMEOUT',
  'APPROVAL_HOLD',
  'DRAIN_TIMEOUT',
  'INTERRUPT_TIMEOUT',
  'START_TIMEOUT',
  'ENABLE_AUTO_RECOVERY',
  'MAX_RECOVERY_ATTEMPTS',
  'RECOVERY_WINDOW_SECONDS',
  'RECOVERY_BACKOFF_SECONDS',
  'RECOVERY_BACKOFF_MAX_SECONDS',
  'MAX_CONCURRENT_STARTS',
  'HEALTH_CHECK_INTERVAL',
  'HEALTH_CHECK_TIMEOUT',
  'STALL_MODEL_SECONDS',
  'STALL_STREAM_SECONDS',
  'STALL_TOOL_SECONDS',
  'REAPER_INTERVAL',
  'UPSTREAM_OUTAGE_SECONDS',
  'MAX_MEMORY_PER_AGENT_MB',
  'MAX_CPU_PER_AGENT_PERCENT',
  'CPU_QUOTA_AFTER',
  'MAX_PIDS_PER_AGENT',
  'MAX_DISK_PER_AGENT_MB',
  'DISK_CHECK_INTERVAL',
  'RATE_LIMIT_ENABLED',
  'RATE_LIMIT_PER_MINUTE',
  'RATE_LIMIT_AGENT_CREATION',
  'RATE_LIMIT_QUERY',
  'RATE_LIMIT_WORKSPACE_FACTOR',
  'RATE_LIMIT_V1_CREATES',
  'RATE_LIMIT_V1_READS',
  'RATE_LIMIT_FAILED_AUTH',
  'AUDIT_DENIALS_PER_MINUTE',
  'AUDIT_TIMEOUT',
  'MAX_OPEN_REQUESTS_PER_WORKSPACE',
  'ALLOWED_ORIGINS',
  'METRICS_ENABLED',
  'LOG_REQUESTS',
  'MAX_WEBHOOKS',
  'WEBHOOK_CONCURRENCY',
  'WEBHOOK_TIMEOUT',
  'WEBHOOK_RETRY_SCHEDULE',
  'WEBHOOK_DISABLE_AFTER',
  'WEBHOOK_MAX_PENDING',
  'WEBHOOK_RETENTION_DAYS',
  'MAX_FILE_BYTES',
  'MAX_ARCHIVE_BYTES',
  'MAX_ARCHIVE_ENTRIES',
  'SNAPSHOT_INTERVAL',
  'SNAPSHOT_MAX_MB',
  'MCP_CONNECT_TIMEOUT',
  'NETWORK_ALLOW',
  'NETWORK_LIMIT',
  'LOG_LEVEL',
] as const satisfies SettingName[];
export type LiveSettingName = (typeof LIVE_SETTINGS)[number];

export function isLive(name: string): name is LiveSettingName {
  return (LIVE_SETTINGS as readonly string[]).includes(name);
}

/** Defaults that belong to an environment; whatever is set itself is stronger. */
export const PROFILES: Record<Settings['ENVIRONMENT'], Partial<Record<SettingName, string>>> = {
  development: {
    MAX_AGENTS: '10',
    MIN_AGENTS: '0',
    LOG_LEVEL: 'debug',
    RATE_LIMIT_ENABLED: 'false',
    NETWORK_ALLOW: '*',
  },
  staging: { MAX_AGENTS: '50', LOG_LEVEL: 'info', RATE_LIMIT_ENABLED: 'true' },
  production: { MAX_AGENTS: '100', LOG_LEVEL: 'warn', RATE_LIMIT_ENABLED: 'true', REQUIRE_API_KEY: 'true' },
};
