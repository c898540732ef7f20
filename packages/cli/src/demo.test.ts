// Here, and not beside the demo: tests are looked for in packages.
import { spawn } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { processesOf } from '../../../tests/support/processes.ts';
import { passableDirectory } from '../../../tests/support/test-platform.ts';

const DEMO = fileURLToPath(new URL('../../../scripts/demo.ts', import.meta.url));
/** Runs the demo; it must leave nothing behind, however it ends. */
async function runDemo(env: Record<string, string>, onOutput: (pid: number, output: string) => void = () => {}) {
  const directory = passableDirectory();
  try {
    const child = spawn(process.execPath, [DEMO], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: directory, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.on('data', (chunk) => onOutput(child.pid as number, String(chunk)));
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const output = await text(child.stdout);
    const code = await ended;
    expect(processesOf(directory)).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
    return { code, output };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test.concurrent('the demo shows an agent that outlives its server, on one screen', async () => {
  const { code, output } = await runDemo({});
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toContain('SIMULATED');
  expect(output).toContain('⎿ 0 1 1 2 3 5 8 13 21 34');
  expect(output).toContain('Simulated reply 2: What did you do before the crash?');
  const lines = output.trimEnd().split('\n');
  // npm adds four lines of its own, and a screen has forty.
  expect(lines.length).toBeLessThanOrEqual(36);
  expect(lines.filter((line) => [...line].length > 80)).toEqual([]);
});

test.concurrent('a demo that fails says why and what the server said', async () => {
  const { code, output } = await runDemo({ ANTHROPIC_BASE_URL: 'nowhere' });
  expect(code).toBe(1);
  expect(output).toMatch(/✗ The server has ended with 1\.\n.*\naaas: Bad setting ANTHROPIC_BASE_URL/);
});

test.concurrent('a demo that is interrupted cleans up', async () => {
  const { code } = await runDemo({}, (pid, output) => {
    if (output.includes('⏺ Write')) process.kill(pid, 'SIGINT');
  });
  expect(code).toBe(130);
});
