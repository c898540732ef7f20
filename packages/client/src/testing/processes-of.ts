import { readdir, readFile } from 'node:fs/promises';

/** Living processes that carry a text in their environment or command line, but for this one. */
export async function processesOf(mark: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const files = ['environ', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => ''));
      const [environ = '', command = ''] = await Promise.all(files);
      return (environ + command).includes(mark) ? [`${pid} ${command.replaceAll('\0', ' ')}`] : [];
    }),
  );
  return found.flat();
}
