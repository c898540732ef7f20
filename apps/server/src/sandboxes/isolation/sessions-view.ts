import { mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

const PARTS = ['work', 'home', 'config', 'tmp'];

/**
 * What a sandbox sees in the place of all sessions' directories: its own name, below which its parts are mounted, and
 * the names that it had before, which lead there: a process of the warm pool was begun under another one, and the
 * conversation may speak of it. @returns its path.
 */
export async function prepareView(run: string, id: string): Promise<string> {
  const view = join(run, 'view');
  await mkdir(view, { recursive: true, mode: 0o711 });
  for (const name of await readdir(view)) {
    await rm(join(view, name), { recursive: true });
    if (name !== id) await symlink(id, join(view, name));
  }
  await mkdir(join(view, id), { mode: 0o711 });
  for (const part of PARTS) await mkdir(join(view, id, part), { mode: 0o711 });
  return view;
}

/** One more name for what is there as `id`. The view is mounted, not copied: a process that lives sees it at once. */
export async function addName(view: string, id: string, name: string): Promise<void> {
  await symlink(id, join(view, name));
}
