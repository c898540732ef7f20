import { Enclosure } from './enclosure.ts';
import { openWatchDriver } from './watch/watch-driver.ts';

/** An enclosure without control groups, for a process of a test. */
export async function testEnclosure(sessionId: string): Promise<Enclosure> {
  const limits = { memoryMb: 256, cpuPercent: 100, pids: 10_000, diskMb: 64 };
  const driver = openWatchDriver(false);
  return new Enclosure({
    id: sessionId,
    sessionId,
    group: await driver.create({ id: sessionId, uid: null }, limits),
    killsCounted: false,
    limits,
    selfLimits: driver.selfLimits(limits, null),
    directory: '/',
    tell: () => {},
    onClosed: () => {},
  });
}
