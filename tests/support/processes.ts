import { readdirSync, readFileSync } from 'node:fs';

/** A living process, as /proc shows it. */
export interface Process {
  pid: number;
  command: string;
  environment: string;
}

/** The command lines of every living process that names a data directory in its command line or environment. */
export function processesOf(dataDir: string): string[] {
  return findProcesses(dataDir).map((found) => found.command);
}

/** Every living process that names `text` in its command line or environment. Zombies do not live. */
export function findProcesses(text: string): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const command = read(`/proc/${name}/cmdline`);
    const environment = read(`/proc/${name}/environ`);
    const belongs = command.includes(text) || environment.includes(text);
    return belongs && isAlive(Number(name)) ? [{ pid: Number(name), command: spaced(command), environment }] : [];
  });
}

/** Whether a process runs, or is stopped; not so when it has ended and waits for its parent. */
export function isAlive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && !/ [ZX] /.test(stat.replace(/^.*\)/, ')'));
}

function spaced(command: string): string {
  return command.replaceAll('\0', ' ').trim();
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
