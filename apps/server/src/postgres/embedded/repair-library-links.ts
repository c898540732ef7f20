import { execFile } from 'node:child_process';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StartupError } from '../../start/startup-error.ts';
import type { Binaries } from './locate-binaries.ts';

/**
 * npm packages cannot hold symbolic links, so the package makes those of its shared libraries in its postinstall.
 * After `npm install --ignore-scripts` they are missing and no program of it starts; then run that script here.
 */
export async function repairLibraryLinks({ packageDir, packageName }: Binaries): Promise<void> {
  if ((await missingLinks(packageDir)).length === 0) return;
  // It swallows its errors: only what it left behind says whether it worked.
  const failure = await promisify(execFile)(process.execPath, [join(packageDir, 'scripts/hydrate-symlinks.js')], {
    cwd: packageDir,
    timeout: 20_000,
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const [missing] = await missingLinks(packageDir);
  if (missing === undefined) return;
  throw new StartupError(
    `The PostgreSQL programs lack the library link ${missing} and this user may not make it in ${packageDir}: run 'npm rebuild ${packageName}' as the owner of that folder.`,
    { cause: failure },
  );
}

async function missingLinks(packageDir: string): Promise<string[]> {
  let links: { target: string }[];
  try {
    links = JSON.parse(await readFile(join(packageDir, 'native/pg-symlinks.json'), 'utf8')) as { target: string }[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // a package without such links
    throw error;
  }
  const missing: string[] = [];
  for (const { target } of links) {
    await lstat(join(packageDir, target)).catch(() => missing.push(target));
  }
  return missing;
}
