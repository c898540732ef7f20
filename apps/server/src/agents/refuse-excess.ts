import { ApiError } from '@aaas/contract/errors';
import type { AgentLimits } from '@aaas/contract/limits';
import type { Settings } from '@aaas/contract/settings';

const CEILINGS = {
  memory_mb: 'MAX_MEMORY_PER_AGENT_MB',
  cpu_percent: 'MAX_CPU_PER_AGENT_PERCENT',
  pids: 'MAX_PIDS_PER_AGENT',
  disk_mb: 'MAX_DISK_PER_AGENT_MB',
} as const satisfies Record<keyof AgentLimits, keyof Settings>;

/** @throws invalid_request for limits above what the platform gives to one agent. */
export function refuseExcess(limits: AgentLimits | null | undefined, settings: Settings): void {
  const errors = Object.entries(CEILINGS).flatMap(([name, setting]) => {
    const asked = limits?.[name as keyof AgentLimits];
    if (asked === undefined || asked <= settings[setting]) return [];
    return [
      {
        field: `config.limits.${name}`,
        message: `must be at most ${settings[setting]}, which is ${setting} of this platform`,
      },
    ];
  });
  const first = errors[0];
  if (first) throw new ApiError('invalid_request', `${first.field}: ${first.message}.`, { errors });
}
