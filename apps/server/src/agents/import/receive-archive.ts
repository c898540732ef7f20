import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { AgentArchive, ARCHIVE_VERSION } from '@aaas/contract/agent-archive';
import { z } from 'zod';
import { gunzip } from '../../directories/archives/gunzip.ts';
import { invalidArchive, tooMany } from '../../directories/archives/invalid-archive.ts';
import { readTar, type TarItem } from '../../directories/archives/read-tar.ts';
import { type Unpacked, unpackItem } from '../../directories/archives/unpack-tree.ts';
import type { Directory } from '../../directories/confined/directory.ts';
import { writeAll } from '../../directories/files/receive.ts';
import type { ArchiveBounds } from '../../directories/files/unpack-into.ts';
import type { User } from '../../processes/passage.ts';
import { WORKSPACE_PREFIX } from '../export/export-agent.ts';
import { check, parse } from './read-lines.ts';

/** An exported agent on this disk, not yet believed but for its form. */
export interface Received {
  archive: AgentArchive;
  /** The files of lines; they hold what was in the archive when they are closed, and nothing where it had none. */
  lines: Record<(typeof LINES)[number], FileHandle>;
  workspace: Unpacked;
}

const LINES = ['transcript.jsonl', 'events.jsonl', 'turns.jsonl'] as const;
/** The lines, agent.json and skipped.json: an export counts the files of the agent alone. */
const BESIDE_WORKSPACE = LINES.length + 2;
const AGENT_MAX_BYTES = 64 * 1024 * 1024;

/**
 * Receives an exported agent into a directory that nobody else can reach: lines and definition beside `work`, the
 * workspace in it. @throws invalid_archive, payload_too_large
 */
export async function receiveArchive(
  into: Directory,
  work: Directory,
  owner: User | null,
  chunks: AsyncIterable<Buffer>,
  bounds: ArchiveBounds,
  onOpened: (file: FileHandle) => void,
): Promise<Received> {
  const workspace: Unpacked = { files: 0, directories: 0, symlinks: 0, sizeBytes: 0 };
  const create = async (name: string) => {
    const file = await into.openFile(name, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    onOpened(file);
    return file;
  };
  const lines = {
    'transcript.jsonl': await create('transcript.jsonl'),
    'events.jsonl': await create('events.jsonl'),
    'turns.jsonl': await create('turns.jsonl'),
  };
  const seen = new Set<string>();
  let agent: string | null = null;
  let entries = 0;
  for await (const item of readTar(gunzip(chunks, bounds.MAX_ARCHIVE_BYTES))) {
    if (++entries > bounds.MAX_ARCHIVE_ENTRIES + BESIDE_WORKSPACE) throw tooMany(bounds);
    const path = item.path.replace(/^(\.\/+)+/, '');
    if (path.startsWith(WORKSPACE_PREFIX)) {
      await unpackItem(work, item, path.slice(WORKSPACE_PREFIX.length), owner, workspace, bounds);
      continue;
    }
    if (item.type !== 'file') continue;
    if (seen.has(path)) throw invalidArchive(`holds ${path.slice(0, 100)} twice`);
    seen.add(path);
    if (path === 'agent.json') agent = await textOf(item);
    else if (isLines(path)) await writeAll(lines[path], item.content());
  }
  if (agent === null) throw invalidArchive('holds no agent.json: it is not an exported agent');
  return { archive: readAgent(agent), lines, workspace };
}

function isLines(path: string): path is (typeof LINES)[number] {
  return (LINES as readonly string[]).includes(path);
}

async function textOf(item: TarItem): Promise<string> {
  if (item.size > AGENT_MAX_BYTES) throw invalidArchive(`has an agent.json larger than ${AGENT_MAX_BYTES} bytes`);
  const parts: Buffer[] = [];
  for await (const chunk of item.content()) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

function readAgent(text: string): AgentArchive {
  return check('agent.json', () => {
    const { format_version: version } = parse(z.object({ format_version: z.int() }), text);
    if (version !== ARCHIVE_VERSION) {
      throw new Error(`its format is version ${version}, and this platform reads version ${ARCHIVE_VERSION}`);
    }
    return parse(AgentArchive, text);
  });
}
