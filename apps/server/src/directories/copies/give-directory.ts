import { lchown } from 'node:fs/promises';
import type { User } from '../../processes/passage.ts';
import type { Directory } from '../confined/directory.ts';
import { DEPTH_MAX } from '../confined/parse-path.ts';
import { readNames } from '../confined/read-names.ts';
import { openSessions } from '../session-directory.ts';

const NAMES_MAX = 1_000_000;

/**
 * Gives what belongs to the user of a working directory to another one, when it is another. Runs while no process of the
 * session lives. Files of anybody else stay as they are. @throws when this server may not
 */
export async function giveDirectory(dataDir: string, sessionId: string, to: User): Promise<void> {
  await using sessions = await openSessions(dataDir);
  await using root = await sessions.openDirectory(sessionId);
  const work = await root?.inspect('work');
  if (!root || !work || work.uid === BigInt(to.uid)) return;
  const budget = { left: NAMES_MAX };
  for (const part of ['home', 'config', 'tmp', 'work']) {
    await using directory = await root.openDirectory(part);
    if (!directory) continue;
    await giveContent(directory, work.uid, to, budget, 0);
    // The working directory itself comes last: until then the next start tries again.
    await directory.handle.chown(to.uid, to.gid);
  }
}

async function giveContent(
  directory: Directory,
  from: bigint,
  to: User,
  budget: { left: number },
  depth: number,
): Promise<void> {
  for (const name of await readNames(directory, budget)) {
    const info = await directory.inspect(name);
    if (info?.uid !== from) continue;
    if (info.isDirectory() && depth <= DEPTH_MAX) {
      await using child = await directory.openDirectory(name).catch(() => null);
      if (child) await giveContent(child, from, to, budget, depth + 1);
    }
    await lchown(directory.at(name), to.uid, to.gid);
  }
}
