import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { GOODBYE } from './goodbye.ts';

export interface Lifeline {
  /** Ends it, and with it whatever the server has left behind; resolves when it is gone. */
  close(): Promise<void>;
}

const RESPAWN_PAUSE_MS = 500;

/** Keeps one lifeline process beside the server: a killed one is replaced. */
export async function startLifeline(options: {
  marker: string;
  postgresPid: number | null;
  log: Logger;
}): Promise<Lifeline> {
  let closing = false;
  let child = await spawnLifeline(options);
  watch(child);

  function watch(current: ChildProcess): void {
    current.once('exit', () => {
      if (closing) return;
      options.log.warn('the lifeline process ended; starting another');
      setTimeout(async () => {
        if (closing) return;
        child = await spawnLifeline(options);
        watch(child);
      }, RESPAWN_PAUSE_MS).unref();
    });
  }

  return {
    close: async () => {
      closing = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.stdin?.end(GOODBYE);
      await gone;
    },
  };
}

async function spawnLifeline(options: { marker: string; postgresPid: number | null }): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./lifeline.ts', import.meta.url));
  const child = spawn(process.execPath, [script, options.marker, String(options.postgresPid ?? 0)], {
    // A group of its own: a signal to the server's group must not reach it.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH },
    cwd: '/',
  });
  child.stdin?.on('error', () => {});
  if (!child.stdout) throw new Error('failed to start the lifeline process');
  await Promise.race([once(child.stdout, 'data'), once(child, 'error').then(([error]) => Promise.reject(error))]);
  child.unref();
  return child;
}
