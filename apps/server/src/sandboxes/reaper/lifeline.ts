// The lifeline: a process of its own whose standard input is a pipe held by the server. When the server dies, however
// it dies, the pipe ends, and this process ends what the server can no longer end: its sandboxes and its database.
// Run as: node lifeline.ts <marker of this life of the node> <pid of the database or 0>
import { readFile } from 'node:fs/promises';
import { GOODBYE } from './goodbye.ts';
import { sweep } from './sweep.ts';

const [marker = '', postgres = '0'] = process.argv.slice(2);
const postgresPid = Number(postgres);
const postgresStart = await startTime(postgresPid);

// The terminal's Ctrl-C is for the server; it will let go of the pipe when it is done.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
let said = '';
process.stdin.setEncoding('utf8').on('data', (text: string) => {
  said += text;
});
process.stdin.on('error', () => {});
process.stdin.once('close', async () => {
  await sweep({ marker, uid: null });
  // Only that very process: a pid may have been given to another program since.
  if (
    said !== GOODBYE &&
    postgresPid > 0 &&
    postgresStart !== null &&
    (await startTime(postgresPid)) === postgresStart
  ) {
    process.kill(postgresPid, 'SIGINT');
  }
  process.exit(0);
});
process.stdout.write('ready\n');

async function startTime(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
