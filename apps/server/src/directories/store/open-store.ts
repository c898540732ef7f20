import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '@aaas/contract/settings';
import { StartupError } from '../../start/startup-error.ts';
import type { StoreMode } from '../copies/decide-restore.ts';
import type { DirectoryStore } from './directory-store.ts';
import { openFileStore } from './file-store.ts';
import { openS3Store, type S3Settings } from './s3-store.ts';

type StoreSettings = Pick<Settings, 'DIRECTORY_STORE' | 'DATA_DIR'> & S3Settings;

/** Where the directories of a node outlive it. `store`: of archives. */
export interface OpenedStore {
  mode: StoreMode;
  store: DirectoryStore | null;
}

/** What DIRECTORY_STORE names. @throws StartupError for a directory that cannot be written */
export async function openDirectoryStore(settings: StoreSettings): Promise<OpenedStore> {
  const { DIRECTORY_STORE: location } = settings;
  if (location === undefined) return { mode: 'local', store: null };
  if (location === 'shared') return { mode: 'shared', store: null };
  const store = location.startsWith('s3://')
    ? await openS3Store(location, bucketOf(location), settings)
    : await openFileStore(location, pathOf(location, settings.DATA_DIR)).catch((error) => {
        throw new StartupError(
          `DIRECTORY_STORE: ${location} cannot be written (${error.code ?? error}). Name a directory that can.`,
          { cause: error },
        );
      });
  return { mode: 'archives', store };
}

function bucketOf(location: string): { bucket: string; prefix: string } {
  const [bucket = '', ...prefix] = location.slice('s3://'.length).split('/');
  return { bucket, prefix: prefix.filter((part) => part !== '').join('/') };
}

function pathOf(location: string, dataDir: string): string {
  const path = fileURLToPath(location);
  if (!`${path}/`.startsWith(`${resolve(dataDir)}/sessions/`)) return path;
  throw new StartupError(
    `DIRECTORY_STORE: ${location} lies among the directories that it is to keep. Name one outside of DATA_DIR.`,
  );
}
