import { z } from 'zod';

/** What one agent may use of its machine. What is left out is what the platform gives to each. */
export const AgentLimits = z
  .strictObject({
    memory_mb: z
      .int()
      .min(256)
      .max(1_048_576)
      .optional()
      .describe('MiB of memory of all its processes together. At most MAX_MEMORY_PER_AGENT_MB.'),
    cpu_percent: z
      .int()
      .min(5)
      .max(102_400)
      .optional()
      .describe('Percent of one core that it may use for long. At most MAX_CPU_PER_AGENT_PERCENT.'),
    pids: z.int().min(64).max(1_000_000).optional().describe('Processes and threads. At most MAX_PIDS_PER_AGENT.'),
    disk_mb: z
      .int()
      .min(64)
      .max(16_777_216)
      .optional()
      .describe('MiB of disk that its files may take. At most MAX_DISK_PER_AGENT_MB.'),
  })
  .meta({ id: 'AgentLimits' });
export type AgentLimits = z.infer<typeof AgentLimits>;

const { memory_mb, cpu_percent, pids, disk_mb } = AgentLimits.shape;

/** Merged by name: null takes what the platform gives to each agent. */
export const AgentLimitsPatch = z
  .strictObject({
    memory_mb: memory_mb.nullable(),
    cpu_percent: cpu_percent.nullable(),
    pids: pids.nullable(),
    disk_mb: disk_mb.nullable(),
  })
  .meta({ id: 'AgentLimitsPatch' });

/** What makes limits hold on a node. */
export const LimitsEnforcement = z
  .object({
    memory: z.enum(['cgroup-v2', 'cgroup-v1', 'watch']),
    pids: z.enum(['cgroup-v2', 'cgroup-v1', 'rlimit', 'watch']),
    cpu: z.enum(['cgroup-v2', 'cgroup-v1', 'nice']),
    disk: z.enum(['watch']),
  })
  .describe('How limits of agents are held: by the kernel (cgroup, rlimit), or noticed after the fact (watch, nice).')
  .meta({ id: 'LimitsEnforcement' });
export type LimitsEnforcement = z.infer<typeof LimitsEnforcement>;
