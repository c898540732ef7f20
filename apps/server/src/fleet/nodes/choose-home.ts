import type { KnownNode, KnownNodes } from './known-nodes.ts';

/**
 * Where a directory is made that lies nowhere: on this node if it is a worker, else on the worker that has the least to
 * do. On one that drains only when all do: it takes no work, and is about to go. Null: there is no worker.
 */
export function chooseHome(
  nodes: Pick<KnownNodes, 'draining' | 'withRole'>,
  isWorker: boolean,
): 'here' | (KnownNode & { address: string }) | null {
  if (isWorker && !nodes.draining) return 'here';
  const workers = nodes.withRole('worker');
  const working = leastLoaded(workers.filter(({ draining }) => !draining));
  return working ?? (isWorker ? 'here' : leastLoaded(workers));
}

function leastLoaded<Node extends KnownNode>(nodes: Node[]): Node | null {
  const held = ({ load }: Node) => (load ? load.places.idle + load.places.working : 0);
  return nodes.toSorted((a, b) => held(a) - held(b))[0] ?? null;
}
