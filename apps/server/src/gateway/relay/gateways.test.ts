import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import type { KnownNodes } from '../../fleet/nodes/known-nodes.ts';
import { fleetGateways } from './gateways.ts';

const TWO = ['node_a', 'node_b'].map((id) => ({ id, region: null, address: `http://${id}` }));
const NEVER = new AbortController().signal;

it('shuns a gateway that failed, and remembers nothing of one that is gone', async () => {
  const nodes = Object.assign(new EventEmitter(), { withRole: () => TWO }) as unknown as KnownNodes;
  const gateways = fleetGateways({ nodes, nodeId: 'node_w', region: null, secret: Buffer.alloc(32), now: () => 0 });
  const chosen = async () => {
    const ids = new Set<string>();
    for (let n = 0; n < 100; n++) {
      const turn = await gateways.next([], NEVER);
      ids.add(turn?.nodeId ?? 'none');
      turn?.done();
    }
    return [...ids].toSorted();
  };
  expect(await chosen()).toEqual(['node_a', 'node_b']);
  const first = await gateways.next(['node_b'], NEVER);
  first?.failed();
  first?.done();
  expect(await chosen()).toEqual(['node_b']);

  const cutOff = await gateways.next(['node_b'], NEVER);
  nodes.emit('gone', 'node_a');
  expect(cutOff?.lost.aborted).toBe(true);
  cutOff?.failed();
  cutOff?.done();
  expect(await chosen()).toEqual(['node_a', 'node_b']);
  gateways.close();
});
