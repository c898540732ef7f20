import { z } from 'zod';
import { ISOLATION_LEVELS } from './isolation.ts';
import { HostList } from './network.ts';
import { LabelList, PLACEMENT_STRATEGIES, RegionName } from './placement.ts';
import { rolesOf } from './roles.ts';
import { UpstreamsJson } from './upstreams.ts';

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max));
const flag = z
  .enum(['true', 'false', '1', '0'], 'must be true or false')
  .transform((text) => text === 'true' || text === '1');
const share = z
  .string()
  .regex(/^(0(\.\d{1,4})?|1(\.0{1,4})?|\.\d{1,4})$/, 'must be a share from 0 to 1, such as 0.8')
  .transform(Number);
const ORIGIN = String.raw`(?:\*|https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?)`;
const ORIGINS = new RegExp(`^(?:${ORIGIN}(?:\\s*,\\s*${ORIGIN})*)?$`);
const PROXIES = /^(false|[0-9a-f.:/]{2,64}(\s*,\s*[0-9a-f.:/]{2,64})*)$/i;
const REDIS_URL = /^rediss?:\/\/[^/?#\s]+(\/\d{0,4})?$/;
const secondsList = z
  .string()
  .regex(/^\d{1,7}(,\d{1,7}){0,29}$/, 'must be whole seconds with commas between them, 30 at most');
const addressEntry = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6(), z.hostname()]);
const addressList = z
  .string()
  .refine(
    (text) => text.split(',').every((entry) => addressEntry.safeParse(entry.trim().replace(/^\*\./, '')).success),
    'must be networks such as 10.1.0.0/16, addresses or host names, with commas between them',
  );
const pathList = z
  .string()
  .refine(
    (text) => text.split(',').every((path) => path.trim().startsWith('/') && path.trim() !== '/'),
    'must be absolute paths with commas between them, and not /',
  );
const encryptionKeys = z
  .string()
  .regex(
    /^[A-Za-z0-9+/_-]{43}=?(\s*,\s*[A-Za-z0-9+/_-]{43}=?)*$/,
    'must be 32 bytes in base64, or several with commas',
  );
const roleList = z
  .string()
  .refine((text) => rolesOf(text) !== null, 'must be all, or some of api, worker and gateway with commas between them');
const redisUrl = z
  .string()
  .refine(
    (text) => REDIS_URL.test(text) && URL.canParse(text) && new URL(text).hostname !== '',
    'must be redis://[[user]:password@]host[:port][/database], or rediss:// for TLS; what is special in a password is written as %xx',
  );
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' });

/**
 * Every setting of the platform: an environment variable, its form, its default and what it does.
 * A secret may also come from a file named by `<NAME>_FILE`.
 */
export const Settings = z.object({
  ENVIRONMENT: z
    .enum(['development', 'staging', 'production'])
    .default('production')
    .describe('Chooses the profile of defaults; docs/settings.md has the table.'),
  ROLES: roleList
    .default('all')
    .describe(
      'What this node does: all, or some of api, worker, gateway with commas between them. Other than all needs DATABASE_URL; see docs/fleet.md.',
    ),
  HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
  PORT: whole(0, 65_535).default(8000).describe('Port to listen on; 0 takes a free one.'),
  INTERNAL_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe(
      'Address that this node listens on for the other nodes: one of a private network. Only with DATABASE_URL.',
    ),
  INTERNAL_PORT: whole(0, 65_535)
    .default(0)
    .describe('Port that this node listens on for the other nodes; 0 takes a free one.'),
  NODE_ADDRESS: httpUrl
    .optional()
    .describe('Where the other nodes reach this one. Default: http:// with INTERNAL_HOST and INTERNAL_PORT.'),
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
  DATABASE_CONNECTIONS: whole(4, 1_000)
    .default(20)
    .describe(
      'Connections of this node to the database for its work, at most; some five more are for background jobs, hints and the lease.',
    ),
  REDIS_URL: redisUrl
    .optional()
    .describe(
      'A Redis or Valkey that all nodes share (redis://, or rediss:// with TLS): quicker limits, keys and live streams. Nothing is lost without it; see docs/redis.md.',
    ),
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
  UPSTREAMS: UpstreamsJson.optional().describe(
    'JSON array of model providers, asked in this order; see docs/gateway.md. Takes the place of ANTHROPIC_API_KEY.',
  ),
  UPSTREAM_MAX_CONCURRENCY: whole(1, 10_000)
    .default(256)
    .describe('Requests in progress at one upstream, unless it has its own max_concurrency.'),
  UPSTREAM_WORKSPACE_SHARE: whole(1, 100)
    .default(80)
    .describe('Percent of the places of an upstream, and of its queue, that one workspace may hold.'),
  UPSTREAM_QUEUE_LIMIT: whole(0, 10_000)
    .default(256)
    .describe('Requests that may wait for a place at one upstream; more go on to the next one.'),
  UPSTREAM_QUEUE_SECONDS: whole(0, 600)
    .default(10)
    .describe('Seconds a request waits for a place at one upstream before it goes on to the next one.'),
  UPSTREAM_BREAKER_FAILURES: whole(1, 1_000)
    .default(10)
    .describe('Failed attempts in a row after which an upstream is left alone.'),
  UPSTREAM_BREAKER_SECONDS: whole(1, 3_600)
    .default(15)
    .describe('Seconds after which an upstream that is left alone is tried again.'),
  UPSTREAM_FAILOVER_RETRIES: whole(0, 5)
    .default(2)
    .describe('Retries at an upstream while there is another one to go on to; the last one gets five.'),
  UPSTREAM_FAILOVER_SECONDS: whole(1, 3_600)
    .default(660)
    .describe('Seconds after the begin of a model request within which another upstream may still be asked.'),
  DEFAULT_MODEL: z.string().min(1).default('claude-sonnet-5-5').describe('Model of agents that name none.'),
  MAX_AGENTS: whole(1, 10_000).default(100).describe('Live agent processes on this node, at most.'),
  MIN_AGENTS: whole(0, 1_000)
    .default(1)
    .describe('Spare processes that this node keeps ready however little is wanted; see docs/warm-pool.md.'),
  WARM_POOL_MEMORY_PERCENT: whole(0, 90)
    .default(10)
    .describe('Percent of the memory that spare processes may take, at 256 MiB each; 0: there are none.'),
  ENABLE_AUTO_SCALING: flag
    .default(true)
    .describe(
      'Whether the platform moves spares, sleep and the desired number of nodes by itself; see docs/autoscaling.md.',
    ),
  MIN_NODES: whole(0, 10_000).default(1).describe('Worker nodes that the fleet is to have at least.'),
  MAX_NODES: whole(1, 10_000).default(10).describe('Worker nodes that the fleet is to have at most.'),
  SCALE_UP_THRESHOLD: share
    .default(0.8)
    .describe('Share of what there is (places, spares, memory) above which auto-scaling adds half as much again.'),
  SCALE_DOWN_THRESHOLD: share
    .default(0.3)
    .describe('Share below which auto-scaling takes three tenths away; less than SCALE_UP_THRESHOLD.'),
  SCALE_WAIT_SECONDS: whole(1, 3_600)
    .default(10)
    .describe('Seconds that the oldest agent waits for a place, on average, above which nodes are added.'),
  SCALE_START_SECONDS: whole(0, 600)
    .default(10)
    .describe('Seconds that one start in twenty may take before nodes are added; 0: starts are not looked at.'),
  SCALE_MIN_IDLE_SECONDS: whole(1, 2_592_000)
    .default(60)
    .describe('Seconds to which AGENT_IDLE_TIMEOUT may be shortened when few of the agents on a node work.'),
  SCALE_WINDOW_SECONDS: whole(2, 3_600)
    .default(300)
    .describe('Seconds over which signals of auto-scaling are averaged; no less than SCALE_LOOP_SECONDS.'),
  SCALE_LOOP_SECONDS: whole(1, 600).default(30).describe('Seconds between two looks of auto-scaling.'),
  SCALE_UP_COOLDOWN_SECONDS: whole(0, 86_400)
    .default(60)
    .describe('Seconds after a move of auto-scaling before the next one up.'),
  SCALE_DOWN_COOLDOWN_SECONDS: whole(0, 86_400)
    .default(300)
    .describe('Seconds after a move of auto-scaling before the next one down.'),
  SCALE_RETENTION_DAYS: whole(1, 3_650).default(30).describe('Days that decisions of auto-scaling are kept.'),
  MAX_QUEUED_MESSAGES: whole(1, 100_000).default(1_000).describe('Messages that may wait for one agent.'),
  ENABLE_IDLE_SHUTDOWN: flag.default(true).describe('Whether agents sleep when nobody talks to them.'),
  AGENT_IDLE_TIMEOUT: whole(1, 2_592_000)
    .default(300)
    .describe('Seconds an agent may wait for work before it sleeps; the next message wakes it.'),
  IDLE_GRACE_SECONDS: whole(0, 3_600)
    .default(1)
    .describe('Seconds after its last turn before an idle agent gives up its place to another, or for want of memory.'),
  PLACE_SECONDS: whole(1, 86_400)
    .default(60)
    .describe(
      'Seconds an agent keeps its place while others wait for one, whatever waits for it; it leaves between turns.',
    ),
  MAX_WAITING_AGENTS: whole(1, 1_000_000)
    .default(10_000)
    .describe('Agents with work that may wait for a place on a node; a message for one more is refused with 429.'),
  REGION: RegionName.optional().describe('Where this node is. Sessions run in the region of their own, if they can.'),
  REGION_FAILOVER_SECONDS: whole(0, 86_400)
    .default(30)
    .describe('Seconds without a node with room in a region after which its sessions go to other regions.'),
  NODE_LABELS: LabelList.default('').describe(
    'What this node has to offer, such as gpu=a100,disk=ssd; agents may ask for it with config.placement.',
  ),
  PLACEMENT_STRATEGY: z
    .enum(PLACEMENT_STRATEGIES)
    .default('least-loaded')
    .describe('How nodes share what waits; see docs/placement.md.'),
  PLACEMENT_GRACE_SECONDS: whole(0, 60)
    .default(1)
    .describe('Seconds for which a session is left to the node that it is for; then any node with room takes it.'),
  MEMORY_RESERVE_MB: whole(0, 100_000_000)
    .default(256)
    .describe(
      'MiB of free memory below which no agent process starts and idle ones sleep; 0: memory is not looked at.',
    ),
  QUERY_RETENTION: whole(60, 31_536_000)
    .default(86_400)
    .describe('Seconds for which the answer of a one-shot query is kept.'),
  AGENT_TIMEOUT: whole(1, 86_400).default(3_600).describe('Seconds a turn may take.'),
  APPROVAL_TIMEOUT: whole(0, 31_536_000)
    .default(86_400)
    .describe(
      'Seconds a person has to approve a tool; then it is denied. 0: nobody is asked, what would ask is denied.',
    ),
  APPROVAL_HOLD: whole(0, 86_400)
    .default(300)
    .describe(
      'Seconds a process is kept while a tool waits for an approval; then it is let go, and the answer wakes it.',
    ),
  DRAIN_TIMEOUT: whole(0, 3_600)
    .default(30)
    .describe('Seconds a running turn gets when its agent or the server stops.'),
  INTERRUPT_TIMEOUT: whole(1, 60)
    .default(2)
    .describe('Seconds an interrupted process gets before it is killed and resumed.'),
  START_TIMEOUT: whole(1, 600).default(60).describe('Seconds an agent process gets to answer its first probe.'),
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
  MAX_CONCURRENT_STARTS: whole(1, 1_000)
    .default(8)
    .describe('Processes that start on this node at the same time; recoveries take half of them at most.'),
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
  MAX_MEMORY_PER_AGENT_MB: whole(256, 1_048_576)
    .default(2_048)
    .describe('MiB of memory of all processes of one agent together; a process of it that needs more is ended.'),
  MAX_CPU_PER_AGENT_PERCENT: whole(5, 102_400)
    .default(100)
    .describe('Percent of one core that an agent may use for long; see CPU_QUOTA_AFTER.'),
  CPU_QUOTA_AFTER: whole(1, 3_600)
    .default(10)
    .describe(
      'Seconds above its share of processor time after which an agent is held to it; also of calm before it is released.',
    ),
  MAX_PIDS_PER_AGENT: whole(64, 1_000_000).default(1_024).describe('Processes and threads of one agent.'),
  MAX_DISK_PER_AGENT_MB: whole(64, 16_777_216)
    .default(10_240)
    .describe('MiB of disk that the files of one agent may take; beyond it is ended.'),
  DISK_CHECK_INTERVAL: whole(1, 3_600)
    .default(5)
    .describe('Seconds between two measurements of the files of agents that work.'),
  LIMITS_ENFORCEMENT: z
    .enum(['auto', 'cgroup', 'watch'])
    .default('auto')
    .describe(
      'How limits of agents are held: cgroup refuses to start without control groups, watch does without them.',
    ),
  LEASE_TTL: whole(2, 600).default(10).describe('Seconds without a heartbeat after which a node counts as gone.'),
  LEASE_MARGIN: whole(1, 300)
    .default(3)
    .describe(
      'Seconds before the end of a lease that could not be renewed at which agents are frozen; less than LEASE_TTL.',
    ),
  REAPER_INTERVAL: whole(1, 86_400)
    .default(60)
    .describe('Seconds between two searches for processes of agents that nobody owns any more; they are killed.'),
  UPSTREAM_OUTAGE_SECONDS: whole(0, 86_400)
    .default(900)
    .describe(
      'Seconds for which a turn waits and is tried again while no model provider answers; 0: it fails at once.',
    ),
  AGENT_UID_BASE: whole(1_000, 2_000_000_000)
    .optional()
    .describe(
      'When the server is root, agents run as uids from here on. Default: a range of this node’s own, from 200000 up.',
    ),
  ISOLATION: z
    .enum(['auto', ...ISOLATION_LEVELS])
    .default('auto')
    .describe(
      'How agents are kept apart: sandbox (own file system, processes and network), user (own uid), process (not at all: one workspace only); auto takes the strongest that works here. See docs/isolation.md.',
    ),
  SANDBOX_PATHS: pathList
    .optional()
    .describe(
      'Files and directories of the machine that sandboxed agents may read, besides /usr and the little of /etc that programs need: tools, models, MCP servers. With commas between them.',
    ),
  NETWORK_ALLOW: HostList.default('').describe(
    'Hosts that sandboxed agents may reach unless they have a list of their own: example.com, *.example.com, example.com:8443, * (every public host), @packages, @git, with commas between them. Default: none but the model gateway.',
  ),
  NETWORK_LIMIT: HostList.default('*').describe(
    'Hosts that sandboxed agents may reach at most, whatever their own lists say; without a port on every port.',
  ),
  NETWORK_ALLOW_PRIVATE: addressList
    .optional()
    .describe(
      'Networks, addresses and host names (*.name for all below) that sandboxed agents of every workspace may reach although they are not public, when their lists name them.',
    ),
  RATE_LIMIT_ENABLED: flag.default(true).describe('false: no request is refused for coming too often.'),
  RATE_LIMIT_PER_MINUTE: whole(1, 1_000_000).default(60).describe('Requests to /api/v1 a minute, for each key.'),
  RATE_LIMIT_AGENT_CREATION: whole(1, 1_000_000)
    .default(10)
    .describe('Agents created through /api/v1 a minute, for each key.'),
  RATE_LIMIT_QUERY: whole(1, 1_000_000).default(20).describe('One-shot queries a minute, for each key.'),
  RATE_LIMIT_WORKSPACE_FACTOR: whole(1, 10_000)
    .default(5)
    .describe('All keys of a workspace together may do so many times what one key may.'),
  RATE_LIMIT_V1_CREATES: whole(1, 1_000_000)
    .default(300)
    .describe('Requests to /v1 that change something a minute, for each workspace.'),
  RATE_LIMIT_V1_READS: whole(1, 1_000_000).default(1_200).describe('Reads of /v1 a minute, for each workspace.'),
  RATE_LIMIT_FAILED_AUTH: whole(1, 1_000_000)
    .default(30)
    .describe('Requests without a valid key a minute, for each client address.'),
  AUDIT_DENIALS_PER_MINUTE: whole(1, 1_000_000)
    .default(60)
    .describe('Denials recorded a minute, for each key or client address; those beyond are not.'),
  AUDIT_TIMEOUT: whole(1, 60)
    .default(10)
    .describe('Seconds an answer waits until its entry in the audit log is written; then it is an error.'),
  MAX_BODY_MB: whole(1, 256).default(32).describe('Largest body of a request, in MiB.'),
  MAX_CONNECTIONS: whole(10, 1_000_000)
    .default(10_000)
    .describe('Open client connections of this process; those beyond are closed at once.'),
  MAX_OPEN_REQUESTS_PER_WORKSPACE: whole(1, 1_000_000)
    .default(1_000)
    .describe('Requests and event streams that one workspace may have open at this process at once.'),
  ALLOWED_ORIGINS: z
    .string()
    .regex(ORIGINS, 'must be origins such as https://console.example.com with commas between them, or *')
    .default('')
    .describe('Origins whose pages may call the API from a browser, with commas between them. Default: none.'),
  TRUST_PROXY: z
    .string()
    .regex(PROXIES, 'must be false, or addresses and networks of proxies with commas between them')
    .default('false')
    .describe('Addresses and networks (10.0.0.0/8) of the proxies whose X-Forwarded-For is believed.'),
  METRICS_ENABLED: flag.default(true).describe('false serves no metrics.'),
  METRICS_PORT: whole(1, 65_535)
    .optional()
    .describe(
      'Serves /metrics without a key on a port of its own. Without it: on PORT, with a key that may platform:read.',
    ),
  METRICS_HOST: z.string().min(1).default('127.0.0.1').describe('Address that METRICS_PORT listens on.'),
  LOG_REQUESTS: flag.default(true).describe('One line of the log for each HTTP request.'),
  ENCRYPTION_KEY: encryptionKeys
    .optional()
    .describe(
      'Seals stored secrets: 32 bytes in base64, the same on every node. Of several with commas the first seals, all open. Default: made in DATA_DIR/encryption.key.',
    ),
  MAX_WEBHOOKS: whole(0, 10_000).default(50).describe('Webhooks that a workspace may have.'),
  WEBHOOK_CONCURRENCY: whole(1, 1_000)
    .default(20)
    .describe(
      'Deliveries on their way from this node at once; a workspace gets half of them at most, a webhook a quarter.',
    ),
  WEBHOOK_TIMEOUT: whole(1, 60).default(15).describe('Seconds a receiver gets to answer a delivery.'),
  WEBHOOK_RETRY_SCHEDULE: secondsList
    .default('5,300,1800,7200,18000,36000,50400,72000,86400')
    .describe('Seconds before each attempt after the first; ± 20 % by chance. After the last one a delivery is dead.'),
  WEBHOOK_DISABLE_AFTER: whole(0, 365)
    .default(5)
    .describe('Days without a success after which a failing webhook is switched off; 0: never.'),
  WEBHOOK_MAX_PENDING: whole(100, 10_000_000)
    .default(100_000)
    .describe('Deliveries that may wait for one webhook before it is switched off.'),
  WEBHOOK_RETENTION_DAYS: whole(1, 3_650).default(30).describe('Days that a delivery is kept.'),
  WEBHOOK_ALLOW_HTTP: flag.default(false).describe('true lets webhooks go to http:// addresses.'),
  WEBHOOK_ALLOW_PRIVATE: addressList
    .optional()
    .describe(
      'Networks, addresses and host names (*.name for all below) that webhooks of every workspace may reach although they are not public, over http too.',
    ),
  EVENT_RETENTION_DAYS: whole(0, 3_650)
    .default(0)
    .describe(
      'Days that events of the logs are kept; the last turn of each session stays. 0: as long as their session. See docs/scale.md.',
    ),
  LEDGER_RETENTION_DAYS: whole(0, 36_500)
    .refine((days) => days === 0 || days >= 35, 'must be 0, or 35 at least')
    .default(0)
    .describe(
      'Days that single model requests are kept in the ledger, 35 at least; their sums by day stay. 0: for ever.',
    ),
  MAX_FILE_BYTES: whole(1, 2 ** 40)
    .default(100 * 1024 * 1024)
    .describe('Bytes of a file that is written over the API, at most.'),
  MAX_ARCHIVE_BYTES: whole(1, 2 ** 43)
    .default(2 * 1024 * 1024 * 1024)
    .describe('Bytes in an archive (downloads of directories, exports, imports), unpacked, at most.'),
  MAX_ARCHIVE_ENTRIES: whole(1, 10_000_000)
    .default(100_000)
    .describe('Files, directories and links in an archive, at most.'),
  MCP_CONNECT_TIMEOUT: whole(1, 120)
    .default(10)
    .describe('Seconds that the first turn of a process waits for the MCP servers of its agent.'),
  MCP_ALLOW_HTTP: flag.default(false).describe('true lets MCP servers of agents be reached at http:// addresses.'),
  MCP_ALLOW_PRIVATE: addressList
    .optional()
    .describe(
      'Networks, addresses and host names (*.name for all below) that MCP servers of every workspace may lie at although they are not public, over http too.',
    ),
  DIRECTORY_STORE: z
    .string()
    .regex(
      /^(?:shared|file:\/\/\/[^?#]*|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[\w./-]*)?)$/,
      'must be shared, file:///a/directory or s3://bucket/prefix',
    )
    .optional()
    .describe(
      'Where directories of agents outlive their node: shared (DATA_DIR/sessions is storage that all nodes have in common), file:///directory or s3://bucket/prefix (snapshots). Default: nowhere. See docs/directories.md.',
    ),
  SNAPSHOT_INTERVAL: whole(1, 86_400)
    .default(60)
    .describe('Seconds between two snapshots of the directory of an agent that is awake, at least.'),
  SNAPSHOT_MAX_MB: whole(1, 16_777_216)
    .default(2_048)
    .describe('MiB of files in a directory above which no snapshot of it is stored.'),
  S3_ENDPOINT: httpUrl.optional().describe('Address of an S3-compatible server. Default: that of AWS.'),
  S3_REGION: z.string().min(1).max(64).default('us-east-1').describe('Region of the bucket of DIRECTORY_STORE.'),
  S3_FORCE_PATH_STYLE: flag
    .default(false)
    .describe(
      'true puts the bucket into the path of the address and not into its host name, as MinIO and others need.',
    ),
  AWS_ACCESS_KEY_ID: z
    .string()
    .min(1)
    .optional()
    .describe('Key for the bucket. Default: what the AWS SDK finds by itself, such as the role of the machine.'),
  AWS_SECRET_ACCESS_KEY: z.string().min(1).optional().describe('Secret of AWS_ACCESS_KEY_ID.'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least important lines that are logged.'),
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
