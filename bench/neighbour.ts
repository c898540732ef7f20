// What a hog does to its neighbour: turns of one agent while nothing else runs and while another one takes all it can,
// in rounds that alternate. Usage: node bench/neighbour.ts [turns in a round] [rounds]
import { startPlatform } from '../tests/support/platform.ts';

const TURNS = Number(process.argv[2] ?? 15);
const ROUNDS = Number(process.argv[3] ?? 3);
const LIMITS = { memory_mb: 512, pids: 128, disk_mb: 128, cpu_percent: 50 };
// Each begins again whenever it is ended.
const HOGS = {
  memory: 'while :; do tail /dev/zero; done',
  processes: 'storm() { storm | storm & }; storm; sleep 600',
  disk: 'while :; do head -c 30M /dev/zero > f$RANDOM; done',
  processor: 'for i in 1 2 3 4; do (while :; do :; done) & done; wait',
};

const platform = await startPlatform({ DISK_CHECK_INTERVAL: '1', CPU_QUOTA_AFTER: '3', MAX_RECOVERY_ATTEMPTS: '100' });
try {
  const { enforcement } = await platform.json('GET', '/health');
  console.log(`limits ${JSON.stringify(enforcement.limits)}; ${ROUNDS} rounds of ${TURNS} turns each`);
  const config = { agent_type: 'custom', system_prompt: 'Work.', allowed_tools: ['Bash'] };
  const open = { ...config, permission_mode: 'bypassPermissions' };
  const neighbour = await platform.deploy(open);
  await turns(neighbour, 5);
  for (const [kind, command] of Object.entries(HOGS)) {
    const times: Record<'calm' | 'disturbed', number[]> = { calm: [], disturbed: [] };
    const hog = await platform.deploy({ ...open, limits: LIMITS });
    for (let round = 0; round < ROUNDS; round++) {
      times.calm.push(...(await turns(neighbour, TURNS)));
      const stop = keepAt(hog, command);
      times.disturbed.push(...(await turns(neighbour, TURNS)));
      await stop();
    }
    await platform.json('DELETE', `/api/v1/agents/${hog}`);
    const [calm, disturbed] = [quantile(times.calm, 0.5), quantile(times.disturbed, 0.5)];
    const p95 = quantile(times.disturbed, 0.95) / quantile(times.calm, 0.95);
    console.log(
      `${kind.padEnd(10)} p50 ${calm.toFixed(0)} ms calm, ${disturbed.toFixed(0)} ms disturbed: ${(disturbed / calm).toFixed(2)} times; p95 ${p95.toFixed(2)} times`,
    );
  }
} finally {
  await platform.dispose();
}

/** Turns with a tool in them, a pause between: what a person's agent does. @returns milliseconds of each. */
async function turns(agent: string, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let turn = 0; turn < count; turn++) {
    const began = performance.now();
    await platform.json('POST', `/api/v1/agents/${agent}/messages`, { message: script('echo done') });
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return times;
}

/** Keeps an agent at its command. @returns what ends that. */
function keepAt(agent: string, command: string): () => Promise<void> {
  const path = `/api/v1/agents/${agent}`;
  let going = true;
  const done = (async () => {
    while (going) await platform.request('POST', `${path}/messages`, { message: script(command) });
  })();
  return async () => {
    going = false;
    await platform.json('POST', `${path}/interrupt`);
    await platform.json('POST', `${path}/stop`);
    await done;
    await platform.json('POST', `${path}/start`);
  };
}

function script(command: string): string {
  return `please\n\`\`\`simulate\n${JSON.stringify([{ tool: 'Bash', input: { command } }])}\n\`\`\``;
}

function quantile(values: number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] as number;
}
