import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { isSameDirectory } from './postmaster-file.ts';
import { isAlive } from './process-alive.ts';

/**
 * Whether this process is the postmaster of that data directory, and not a program that got the same id later.
 * A postmaster keeps the command line it was started with (its children rename themselves) and works in its data
 * directory. The second sign also finds a directory that was moved, but root in a container may not read it.
 */
export async function isPostmaster(pid: number, cluster: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const [program = '', ...args] = await commandLine(pid);
  if (basename(program) !== 'postgres') return false;
  const directory = args[args.indexOf('-D') + 1];
  if (args.includes('-D') && directory === cluster) return true;
  return process.platform === 'linux' && (await isSameDirectory(`/proc/${pid}/cwd`, cluster));
}

async function commandLine(pid: number): Promise<string[]> {
  try {
    if (process.platform === 'linux') return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
    // Spaces are not escaped here: cut at the options that we pass, of which -D is the first.
    const [, program = '', directory = ''] = /^(.*?) -D (.*?) -c /.exec(stdout) ?? [];
    return [program, '-D', directory];
  } catch {
    return [];
  }
}
