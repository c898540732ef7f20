import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Directory } from '../../directories/confined/directory.ts';
import { readNames } from '../../directories/confined/read-names.ts';
import type { TranscriptEntry } from '../../sessions/log/append.ts';

const PROJECTS_MAX = 1_000;
const LINE_MAX_CHARS = 64 * 1024 * 1024;

/**
 * The entries with a uuid of the transcript that Claude Code keeps on its own disk, in their order; what it repeats of
 * them comes as often. The agent owns these files: no link is followed, and only its own regular file is read.
 * @param config Claude Code's configuration directory, in a place that the server alone can change
 * @throws when there is such a file and it cannot be read as one
 */
export async function* writtenTranscript(
  config: string,
  harnessSessionId: string,
  uid: number | null,
): AsyncGenerator<TranscriptEntry & { uuid: string }> {
  await using root = await Directory.openTrusted(config);
  await using projects = (await root?.openDirectory('projects')) ?? null;
  if (!projects) return;
  for (const name of await readNames(projects, { left: PROJECTS_MAX })) {
    if (!(await projects.inspect(name))?.isDirectory()) continue;
    await using project = await projects.openDirectory(name);
    const file = await project?.openFile(`${harnessSessionId}.jsonl`, constants.O_RDONLY).catch(absent);
    if (!file) continue;
    try {
      await requireOwn(file, uid);
      yield* entriesOf(file);
    } finally {
      await file.close();
    }
  }
}

async function requireOwn(file: FileHandle, uid: number | null): Promise<void> {
  const info = await file.stat();
  if (!info.isFile()) throw new Error('the transcript on disk is no regular file');
  // A hard link to what is another's.
  if (uid !== null && info.uid !== uid) throw new Error('the transcript on disk is not the agent’s own');
}

async function* entriesOf(file: FileHandle): AsyncGenerator<TranscriptEntry & { uuid: string }> {
  let rest = '';
  const stream = file.createReadStream({ encoding: 'utf8', autoClose: false });
  for await (const chunk of stream) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_MAX_CHARS) throw new Error('a line of the transcript on disk is too long');
    for (const line of lines) {
      const entry = line === '' ? null : toEntry(line);
      if (entry) yield entry;
    }
  }
  // Without its line end the last line is not written yet.
}

function toEntry(line: string): (TranscriptEntry & { uuid: string }) | null {
  const { uuid } = JSON.parse(line) as { uuid?: unknown };
  return typeof uuid === 'string' ? { subpath: '', uuid, entry: line } : null;
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
