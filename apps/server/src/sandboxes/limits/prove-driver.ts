import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { LimitsDriver } from './limits.ts';

const LIMITS = { memoryMb: 64, cpuPercent: 50, pids: 16, diskMb: 16 };

/** Does with a sleeping process all that is done with a sandbox. @throws when some of it does not work here. */
export async function proveDriver(driver: LimitsDriver): Promise<void> {
  const group = await driver.create({ id: `proof.${process.pid}`, uid: null }, LIMITS);
  const child = spawn('/bin/sh', ['-c', 'exec sleep 60'], { stdio: 'ignore' });
  try {
    const exited = once(child, 'exit');
    await group.join(child.pid ?? -1);
    await group.throttle(LIMITS.cpuPercent);
    await group.throttle(null);
    await group.yieldCpu(true);
    await group.freeze();
    await group.thaw();
    if ((await group.usage()).pids === 0) throw new Error('a process that was let in is not counted');
    await group.kill();
    await exited;
  } finally {
    child.kill('SIGKILL');
    await group.close();
  }
}
