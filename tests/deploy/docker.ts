import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const OUTPUT_MAX_BYTES = 64 * 1024 * 1024;

/** The client that speaks to the engine of DOCKER_HOST. */
const DOCKER = process.env.DOCKER ?? 'docker';

/** Runs `docker …` and returns what it printed on both streams. @throws when it fails, with its output. */
export async function docker(...args: string[]): Promise<string> {
  return command(DOCKER, args);
}

export async function command(name: string, args: string[], options: { cwd?: string } = {}): Promise<string> {
  const { stdout, stderr } = await run(name, args, { maxBuffer: OUTPUT_MAX_BYTES, ...options });
  return `${stdout}${stderr}`.trim();
}

// biome-ignore lint/suspicious/noExplicitAny: what the engine tells is as deep as it is
export async function inspect(name: string): Promise<any> {
  const { stdout } = await run(DOCKER, ['inspect', name], { maxBuffer: OUTPUT_MAX_BYTES });
  return JSON.parse(stdout)[0];
}

/** Runs a command in a container; its failure is an answer too. */
export async function inside(container: string, ...args: string[]): Promise<string> {
  return docker('exec', container, ...args).catch((error: { stdout?: string; stderr?: string }) => {
    return `${error.stdout ?? ''}${error.stderr ?? ''}`.trim();
  });
}
