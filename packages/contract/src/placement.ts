import { z } from 'zod';

const LABELS_MAX = 16;
const KEY = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const REGION = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const labelKey = z.string().regex(KEY, 'must be up to 63 letters, digits and . _ / - between them');
const labelValue = z.string().regex(VALUE, 'must be up to 63 letters, digits and . _ - between them');

/** Name of a region. */
export const RegionName = z.string().regex(REGION, 'must be up to 63 small letters, digits and - between them');

export const NodeLabels = z
  .record(labelKey, labelValue)
  .refine((labels) => Object.keys(labels).length <= LABELS_MAX, `at most ${LABELS_MAX} labels`);
export type NodeLabels = z.infer<typeof NodeLabels>;

/** How nodes share what waits. */
export const PLACEMENT_STRATEGIES = ['least-loaded', 'spread', 'binpack'] as const;
export type PlacementStrategy = (typeof PLACEMENT_STRATEGIES)[number];

/** What becomes of a session whose region has no room: it goes to another one after a while, or never. */
export const REGION_POLICIES = ['prefer', 'require'] as const;

const labels = NodeLabels.describe('A node must have each of them to run it.');
const region = RegionName.describe('Where it runs. Default: the region of the node that made the session.');
const region_policy = z
  .enum(REGION_POLICIES)
  .describe(
    'prefer (the default): other regions when its own has had no room for REGION_FAILOVER_SECONDS; require: never elsewhere. Needs `region`.',
  );

const POLICY_ALONE = { path: ['region_policy'], error: 'needs a region beside it' };

/** Which nodes may run it. */
export const Placement = z
  .strictObject({ labels: labels.optional(), region: region.optional(), region_policy: region_policy.optional() })
  .refine(({ region, region_policy }) => region !== undefined || region_policy === undefined, POLICY_ALONE)
  .meta({ id: 'Placement' });
export type Placement = z.infer<typeof Placement>;

/** The same in a merge patch: null removes. */
export const PlacementPatch = z
  .strictObject({
    labels: z.record(labelKey, labelValue.nullable()).nullable().optional().describe('Merged by key: null removes it.'),
    region: region.nullable().optional(),
    region_policy: region_policy.nullable().optional(),
  })
  .meta({ id: 'PlacementPatch' });

/** Labels as text: `gpu=a100,disk=ssd`. What has no `=` is a key without a value, which no label is. */
export function parseLabels(list: string): NodeLabels {
  const pairs = list
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => [pair.split('=', 1)[0] ?? '', pair.includes('=') ? pair.slice(pair.indexOf('=') + 1) : ''] as const);
  return Object.fromEntries(pairs);
}

/** A setting that holds them. */
export const LabelList = z.string().refine((list) => NodeLabels.safeParse(parseLabels(list)).success, {
  error: `must be labels such as gpu=a100,disk=ssd, ${LABELS_MAX} at most`,
});
