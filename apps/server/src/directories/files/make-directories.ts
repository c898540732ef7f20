import { rename, rmdir } from 'node:fs/promises';
import type { User } from '../../processes/passage.ts';
import { descend, stepError } from '../confined/descend.ts';
import type { Directory } from '../confined/directory.ts';
import { type Staging, stageDirectory } from '../confined/staging.ts';

/**
 * Opens the directory at `names` below `work` and makes what is missing on the way. A new one belongs to the agent
 * before it is put in its place. @returns it, open, and whether the last one is new
 */
export async function makeDirectories(
  work: Directory,
  names: string[],
  owner: User | null,
  staging: Staging,
): Promise<{ directory: Directory; created: boolean }> {
  let here = await descend(work, []);
  let created = false;
  try {
    for (const [index, name] of names.entries()) {
      const shown = names.slice(0, index + 1).join('/');
      const open = () =>
        here.openDirectory(name).catch(async (error) => {
          throw await stepError(error, here, name, shown);
        });
      let next = await open();
      created = next === null;
      if (!next) {
        await putDirectory(here, name, owner, staging);
        next = (await open()) as Directory;
      }
      await here.handle.close();
      here = next;
    }
    return { directory: here, created };
  } catch (error) {
    await here.handle.close();
    throw error;
  }
}

async function putDirectory(here: Directory, name: string, owner: User | null, staging: Staging): Promise<void> {
  const staged = await stageDirectory(staging, owner);
  try {
    await rename(staging.directory.at(staged), here.at(name));
  } catch (error) {
    await rmdir(staging.directory.at(staged)).catch(() => {});
    // Somebody else was faster: what is there now is looked at next.
    if (!['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
