// The lifeline: a process of its own whose standard input is a pipe held by the server. It does what the server cannot
// do for itself. When the server dies, however it dies, the pipe ends, and this process ends what is left: the
// sandboxes and the database. When the server hangs, or cannot renew its lease, this process freezes the sandboxes
// before the lease ends, and lets them go on only when the server says that it holds the lease again.
// Run as: node lifeline.ts <JSON of LifelineOptions>
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { LeaseGuard } from './lease-guard.ts';
import { signalHold } from './life-hold.ts';
import { type LifelineOptions, readCommand } from './lifeline-protocol.ts';
import { ticksAt, watchProcess } from './process-identity.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as LifelineOptions;
const database = await watchProcess(options.postgresPid);
const say = (line: string) => void process.stdout.write(`${line}\n`);
let { life } = options;
const guard = new LeaseGuard(signalHold(life), say);
let inOrder = false;

try {
  // Two hundred busy agents must not keep it from freezing them in time. Root alone may ask for this.
  setPriority(-10);
} catch {}
// The terminal's Ctrl-C is for the server; it will let go of the pipe when it is done.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.stdout.on('error', () => {});
process.stdin.on('error', () => {});
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const command = readCommand(line);
    switch (command.say) {
      case 'lease':
        life.uids = command.uids;
        return guard.allow(command.term);
      case 'life':
        life = command.life;
        return guard.follow(signalHold(life));
      case 'adopt':
        return guard.adopt();
      case 'goodbye':
        inOrder = true;
    }
  })
  .once('close', async () => {
    const bornBefore = await ticksAt(new Date());
    await guard.close();
    // What was born later belongs to the next server of this directory, unless its marker says otherwise.
    await endLife(bornBefore);
    if (!inOrder) await database?.end();
    process.exit(0);
  });
say('ready');

async function endLife(bornBefore: number): Promise<void> {
  // Processes that outlive a sweep hang in the kernel: the next server's reaper tries again.
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await signalHold({ ...life, bornBefore }).end();
      return;
    } catch {
      await sleep(500);
    }
  }
}
