import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packText } from '../../directories/archives/pack-spooled.ts';
import { stageArchive } from '../../directories/archives/stage-archive.ts';
import { Directory } from '../../directories/confined/directory.ts';
import { receiveArchive } from './receive-archive.ts';

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'aaas-received-'));
  for (const name of ['data', 'data/sessions', 'work']) mkdirSync(join(top, name));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

const ENTRIES = ['agent.json', 'transcript.jsonl', 'events.jsonl', 'turns.jsonl', 'skipped.json'];

/** An export of so many files, packed and received under the same bounds. */
async function bringOver(files: number, bounds: { MAX_ARCHIVE_BYTES: number; MAX_ARCHIVE_ENTRIES: number }) {
  const site = { dataDir: join(top, 'data'), nodeId: 'node_1', uidBase: null, mode: 'local' as const };
  const entries = async function* () {
    for (const name of ENTRIES) yield* packText(name, '{}');
    for (let n = 0; n < files; n++) yield* packText(`workspace/f${n}`, '');
  };
  const { file } = await stageArchive({ site, workspaceId: 'w' }, 'tar.gz', entries(), bounds.MAX_ARCHIVE_BYTES);
  await using into = (await Directory.openTrusted(top)) as Directory;
  await using work = (await Directory.openTrusted(join(top, 'work'))) as Directory;
  const opened: FileHandle[] = [];
  try {
    const chunks = file.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>;
    return await receiveArchive(into, work, null, chunks, bounds, (one) => void opened.push(one));
  } finally {
    for (const one of [file, ...opened]) await one.close();
  }
}

it('takes what an export of as many entries holds, with what stands beside the files', async () => {
  const bounds = { MAX_ARCHIVE_BYTES: 1e6, MAX_ARCHIVE_ENTRIES: 10 };
  // What is missing in it is found only when all has been received.
  await expect(bringOver(10, bounds)).rejects.toThrow('agent.json');
});

it('does not take more', async () => {
  await expect(bringOver(11, { MAX_ARCHIVE_BYTES: 1e6, MAX_ARCHIVE_ENTRIES: 10 })).rejects.toThrow(
    'more than 10 entries',
  );
});

it('packs nothing that could not be received: headers count on both sides', async () => {
  const bounds = { MAX_ARCHIVE_BYTES: 20 * 512, MAX_ARCHIVE_ENTRIES: 100 };
  const refused = bringOver(10, bounds);
  await expect(refused).rejects.toMatchObject({ code: 'payload_too_large' });
  await expect(refused).rejects.not.toThrow('unpacked');
});
