import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Settings } from '@aaas/contract/settings';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type S3Server, startS3Server } from '../../../../../tests/support/s3-server.ts';
import { ArchiveMissing, type DirectoryStore } from './directory-store.ts';
import { openDirectoryStore } from './open-store.ts';

const never = new AbortController().signal;
let top: string;
let s3: S3Server;
beforeAll(async () => {
  top = mkdtempSync(join(tmpdir(), 'aaas-store-'));
  s3 = await startS3Server();
  for (const name of ['archives', 'tidy']) mkdirSync(join(top, name));
});
afterAll(async () => {
  await s3?.close();
  rmSync(top, { recursive: true, force: true });
});

async function openStore(env: Record<string, string>): Promise<DirectoryStore> {
  const { mode, store } = await openDirectoryStore(Settings.parse({ DATA_DIR: join(top, 'data'), ...env }));
  expect(mode).toBe('archives');
  return store as DirectoryStore;
}

async function sha256(chunks: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

describe.each([
  ['a directory', () => ({ DIRECTORY_STORE: `file://${join(top, 'archives')}` })],
  ['a bucket', () => s3.env],
])('%s', (_what, env) => {
  it('gives back what was put, in one part or several, and nothing that was removed', async () => {
    const store = await openStore(env());
    // More than one part of an upload.
    for (const size of [0, 1_000, 20 * 1024 * 1024]) {
      const content = randomBytes(size);
      await using file = await open(join(top, 'content'), 'w+');
      await file.write(content);
      const key = `wrkspc_1/sesn_1/snap_${size}.tar.zst`;
      await store.put(key, file, size, never);
      expect(await sha256(await store.get(key, never))).toBe(createHash('sha256').update(content).digest('hex'));
      await store.remove(key);
      await store.remove(key);
      await expect(store.get(key, never)).rejects.toBeInstanceOf(ArchiveMissing);
    }
    store.close();
  });

  it('leaves nothing of what is given up on the way', async () => {
    const store = await openStore(env());
    await using file = await open(join(top, 'content'), 'w+');
    await file.write(randomBytes(8 * 1024 * 1024));
    const key = 'wrkspc_1/sesn_1/snap_half.tar.zst';
    const controller = new AbortController();
    const putting = store.put(key, file, 8 * 1024 * 1024, controller.signal);
    controller.abort();
    await expect(putting).rejects.toThrow();
    await expect(store.get(key, never)).rejects.toBeInstanceOf(ArchiveMissing);
    store.close();
  });
});

it('removes the directories of sessions and workspaces with their last archive', async () => {
  const store = await openStore({ DIRECTORY_STORE: `file://${join(top, 'tidy')}` });
  await using file = await open(join(top, 'content'), 'w+');
  for (const key of ['w/s/one', 'w/s/two']) await store.put(key, file, 0, never);
  await store.remove('w/s/one');
  expect(readdirSync(join(top, 'tidy/w/s'))).toEqual(['two']);
  await store.remove('w/s/two');
  expect(readdirSync(join(top, 'tidy'))).toEqual([]);
});

it('refuses a store that cannot be', async () => {
  for (const DIRECTORY_STORE of ['file://relative', 's3://', 's3://A', 'ftp://x/y', '/path', 'Shared'])
    expect(Settings.safeParse({ DIRECTORY_STORE }).success, DIRECTORY_STORE).toBe(false);
  const among = `file://${join(top, 'data/sessions/archives')}`;
  await expect(openStore({ DIRECTORY_STORE: among })).rejects.toThrow('DIRECTORY_STORE');
  await expect(openStore({ DIRECTORY_STORE: `file://${join(top, 'missing')}` })).rejects.toThrow('cannot be written');
});
