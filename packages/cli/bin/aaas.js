#!/usr/bin/env node
// The program is TypeScript that Node 24 runs as it is. This file must run on older ones too: they hand over to the
// Node that `npm ci` has put beside us.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
const main = new URL('../src/main.ts', import.meta.url);

if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) {
  // Half of the time of a short command is spent on reading its sources.
  module.enableCompileCache();
  await import(main.href);
} else {
  const node = findNode(dirname(fileURLToPath(import.meta.url)));
  if (node === null) {
    console.error(
      `aaas: Node ${NEEDED_MAJOR} or newer is needed, this is ${process.versions.node}. Install it, or run npm ci.`,
    );
    process.exit(1);
  }
  handOverTo(node);
}

/** @param {string} directory where the search begins; it goes upwards from there */
function findNode(directory) {
  for (let at = directory; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', '.bin', process.platform === 'win32' ? 'node.exe' : 'node');
    if (existsSync(candidate)) return candidate;
    if (at === dirname(at)) return null;
  }
}

/** @param {string} node */
function handOverTo(node) {
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      // A terminal has sent Ctrl-C to the child as well, and a second one means more than the first.
      if ((signal === 'SIGINT' || signal === 'SIGQUIT') && isInForeground()) return;
      child.kill(signal);
    });
  }
  child.on('error', (error) => {
    console.error(`aaas: cannot start ${node}: ${error.message}. Run npm ci again.`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // Whoever waits for us is to see how the child ended.
    for (const name of FORWARDED) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

/** Whether this process group is the one that a terminal talks to. */
function isInForeground() {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === foreground;
  } catch {
    return [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  }
}
