import { readdirSync, readFileSync } from 'node:fs';

/** The command lines of every living process that names a data directory in its command line or environment. */
export function processesOf(dataDir: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    const command = read(`/proc/${pid}/cmdline`);
    const isZombie = / [ZX] /.test(read(`/proc/${pid}/stat`).replace(/^.*\)/, ')'));
    const belongs = command.includes(dataDir) || read(`/proc/${pid}/environ`).includes(dataDir);
    return belongs && !isZombie ? [command.replaceAll('\0', ' ').trim()] : [];
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
