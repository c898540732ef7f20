import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeployedAgent } from './deployed-agent.ts';
import { script, until } from './platform.ts';

/** A tool that writes a line each 50 ms until it is told to end, after two minutes at most. */
const TICK = 'n=0; while [ ! -e "$1" ] && [ $n -lt 2400 ]; do n=$((n+1)); echo $n >> "$1.ticks"; sleep 0.05; done';

export interface TickingTool {
  /** The message that runs it and answers `answer` when it has ended. */
  message: string;
  /** Bytes that it has written. */
  size(): number;
  /** Waits until it writes. */
  ticks(): Promise<void>;
  /** Waits until it has written nothing for so long, a second if not said. */
  stands(forMs?: number): Promise<void>;
  /** Tells it to end. */
  end(): void;
}

export function tickingTool(agent: DeployedAgent, name: string, answer: string): TickingTool {
  const file = join(agent.directory, name);
  const size = () => (existsSync(`${file}.ticks`) ? statSync(`${file}.ticks`).size : 0);
  const changed = async (within: number) => {
    const before = size();
    await sleep(within);
    return size() !== before;
  };
  return {
    message: script(
      [
        { tool: 'Write', input: { file_path: `${name}.sh`, content: TICK } },
        { tool: 'Bash', input: { command: `sh ${name}.sh ${name}` } },
        { text: answer },
      ],
      name,
    ),
    size,
    ticks: () => until(() => changed(200), 60_000),
    stands: (forMs = 1_000) => until(async () => !(await changed(forMs)), 60_000),
    end: () => writeFileSync(file, ''),
  };
}
