import { z } from 'zod';
import { LabelList, PLACEMENT_STRATEGIES, RegionName } from '../placement.ts';
import { whole } from './forms.ts';

/** Which node runs what. */
export const placementSettings = {
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
};
