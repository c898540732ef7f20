import { z } from 'zod';
import { ISOLATION_LEVELS } from '../isolation.ts';
import { HostList } from '../network.ts';
import { addressList, whole } from './forms.ts';

const pathList = z
  .string()
  .refine(
    (text) => text.split(',').every((path) => path.trim().startsWith('/') && path.trim() !== '/'),
    'must be absolute paths with commas between them, and not /',
  );

/** What the processes of an agent may use, see and reach. */
export const sandboxSettings = {
  ISOLATION: z
    .enum(['auto', ...ISOLATION_LEVELS])
    .default('auto')
    .describe(
      'How agents are kept apart: sandbox (own file system, processes and network), user (own uid), process (not at all: one workspace only); auto takes the strongest that works here. See docs/isolation.md.',
    ),
  AGENT_UID_BASE: whole(1_000, 2_000_000_000)
    .optional()
    .describe(
      'When the server is root, agents run as uids from here on. Default: a range of this node’s own, from 200000 up.',
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
  LIMITS_ENFORCEMENT: z
    .enum(['auto', 'cgroup', 'watch'])
    .default('auto')
    .describe(
      'How limits of agents are held: cgroup refuses to start without control groups, watch does without them.',
    ),
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
};
