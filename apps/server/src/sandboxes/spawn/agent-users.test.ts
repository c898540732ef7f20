import { describe, expect, it } from 'vitest';
import { firstAgentUid } from './agent-users.ts';

describe.runIf(process.getuid?.() === 0)('the users of the agents of a server that is root', () => {
  it('begin where no other node of this machine has its own, and always at the same place', () => {
    const nodes = Array.from({ length: 80 }, (_, n) => `node_${n}`);
    const firsts = nodes.map((id) => firstAgentUid(undefined, id, '/') as number);
    const sorted = firsts.toSorted((a, b) => a - b);
    expect(Math.min(...sorted.slice(1).map((first, index) => first - (sorted[index] as number)))).toBeGreaterThan(
      1_000,
    );
    expect(sorted[0]).toBeGreaterThanOrEqual(200_000);
    expect(sorted.at(-1)).toBeLessThan(2 ** 31 - 1_000_000);
    expect(firstAgentUid(undefined, 'node_7', '/')).toBe(firsts[7]);
  });

  it('begin where they are told to', () => {
    expect(firstAgentUid(70_000_000, 'node_1', '/')).toBe(70_000_000);
  });
});
