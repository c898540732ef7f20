import type { GlobalOptions } from '../global-options.ts';
import { dataDirectories, findAnnouncement } from './data-directories.ts';

/** What to do about a server that does not answer. */
export function unreachableRemedy(url: string, options: GlobalOptions): string {
  const announced = findAnnouncement(dataDirectories(options));
  if (announced?.url === url && !isAlive(announced.pid)) {
    return `Its process ${announced.pid} has died. Start it again with: aaas serve --data-dir ${announced.directory}`;
  }
  return 'Is it running? Start it with aaas serve, or name another with --url or AAAS_URL.';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
