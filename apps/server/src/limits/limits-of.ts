import type { SettingName, Settings } from '@aaas/contract/settings';

/** What a request costs its caller: routes name it, and general is what they need not name. */
export type RateClass = 'create' | 'query' | 'none';

/** So many requests in a minute, of one key or of one workspace. */
export interface Limit {
  /** Its name in the RateLimit headers. */
  policy: string;
  of: 'key' | 'workspace';
  /** Whose requests are counted together. */
  subject: string;
  points: number;
  /** The setting that an operator would change. */
  setting: SettingName;
}

/** A request as the limits see it. */
export interface CountedRequest {
  rate: RateClass | undefined;
  method: string;
  /** Of the Managed Agents API, which has limits of its own. */
  managed: boolean;
  keyId: string;
  workspaceId: string;
}

const CLASSES = {
  general: 'RATE_LIMIT_PER_MINUTE',
  create: 'RATE_LIMIT_AGENT_CREATION',
  query: 'RATE_LIMIT_QUERY',
} as const;

/** The limits that count a request; none: it is free. Each request is counted by one class alone. */
export function limitsOf(request: CountedRequest, settings: Settings): Limit[] {
  const { rate = 'general', method, managed, keyId, workspaceId } = request;
  if (!settings.RATE_LIMIT_ENABLED || rate === 'none') return [];
  if (managed) {
    const reads = method === 'GET' || method === 'HEAD';
    const setting = reads ? 'RATE_LIMIT_V1_READS' : 'RATE_LIMIT_V1_CREATES';
    const policy = reads ? 'v1-reads' : 'v1-creates';
    return [{ policy, of: 'workspace', subject: workspaceId, points: settings[setting], setting }];
  }
  const setting = CLASSES[rate];
  const points = settings[setting];
  return [
    { policy: `${rate}-key`, of: 'key', subject: keyId, points, setting },
    {
      policy: `${rate}-workspace`,
      of: 'workspace',
      subject: workspaceId,
      points: points * settings.RATE_LIMIT_WORKSPACE_FACTOR,
      setting: 'RATE_LIMIT_WORKSPACE_FACTOR',
    },
  ];
}
