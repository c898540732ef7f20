import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const AAAS = fileURLToPath(new URL('../../bin/aaas.js', import.meta.url));

// Node's own place for it: dozens of commands need not be compiled each time anew.
const COMPILE_CACHE = join(tmpdir(), 'node-compile-cache');

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningAaas {
  readonly child: ChildProcess;
  readonly stdout: string;
  readonly stderr: string;
  readonly finished: Promise<Finished>;
}

export interface AaasOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Standard input. */
  input?: string;
  /** Options of Node itself. */
  node?: string[];
}

/** Starts `aaas` in a process of its own, with nothing of our environment that it would heed. */
export function startAaas(args: string[], { env = {}, cwd = '/', input, node = [] }: AaasOptions = {}): RunningAaas {
  const child = spawn(process.execPath, [...node, AAAS, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return {
    child,
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    finished: once(child, 'close').then(([code]) => ({ code, ...output })),
  };
}

export function runAaas(args: string[], options?: AaasOptions): Promise<Finished> {
  return startAaas(args, options).finished;
}
