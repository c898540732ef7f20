import type { NodeLabels } from '@aaas/contract/placement';

/** What sessions ask of a node that stand in one lane. */
export interface Wants {
  labels: NodeLabels;
  /** Null: any. */
  region: string | null;
  /** Other regions too, when its own has no room. */
  elsewhere: boolean;
}

/** Reads what `lane_of` in the database has written. */
export function wantsOf(lane: string): Wants {
  if (lane === '') return { labels: {}, region: null, elsewhere: true };
  const { labels = {}, region = null, policy = 'prefer' } = JSON.parse(lane);
  return { labels, region, elsewhere: policy === 'prefer' };
}

export function hasLabels(node: { labels: NodeLabels }, { labels }: Pick<Wants, 'labels'>): boolean {
  return Object.entries(labels).every(([key, value]) => Object.hasOwn(node.labels, key) && node.labels[key] === value);
}

/** In words, for people. */
export function describeWants({ labels, region, elsewhere }: Wants): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const labelled = pairs.length === 0 ? '' : `with ${pairs.join(', ')}`;
  return [labelled, region !== null && !elsewhere ? `in region ${region}` : ''].filter((part) => part !== '').join(' ');
}
