/** Whose a delivery is. */
export interface Owned {
  webhookId: string;
  workspaceId: string;
}

export interface Shares {
  /** Deliveries of one webhook, or one workspace, on their way from this node at once. */
  perWebhook: number;
  perWorkspace: number;
}

/** Parts what is due, in its order, into what may leave now and what is over the share of its webhook or workspace. */
export function shareOut<T extends Owned>(due: T[], busy: Owned[], shares: Shares): { now: T[]; over: T[] } {
  const counts = new Map<string, number>();
  const count = (id: string) => counts.get(id) ?? 0;
  const add = ({ webhookId, workspaceId }: Owned) => {
    for (const id of [webhookId, workspaceId]) counts.set(id, count(id) + 1);
  };
  for (const one of busy) add(one);
  const now: T[] = [];
  const over: T[] = [];
  for (const one of due) {
    if (count(one.webhookId) >= shares.perWebhook || count(one.workspaceId) >= shares.perWorkspace) {
      over.push(one);
    } else {
      now.push(one);
      add(one);
    }
  }
  return { now, over };
}
