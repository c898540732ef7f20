import { constants } from 'node:fs';
import { lchown, mkdir, symlink, unlink } from 'node:fs/promises';
import type { User } from '../../processes/passage.ts';
import { quoted } from '../confined/descend.ts';
import type { Directory } from '../confined/directory.ts';
import { whatIsWrongWith } from '../confined/parse-path.ts';
import { writeAll } from '../files/receive.ts';
import { invalidArchive, tooMany } from './invalid-archive.ts';
import { staysInside } from './link-target.ts';
import type { TarItem } from './read-tar.ts';

interface Bounds {
  MAX_ARCHIVE_ENTRIES: number;
}

/** What has been unpacked. */
export interface Unpacked {
  files: number;
  /** Those that were made, also for what lies below them. */
  directories: number;
  symlinks: number;
  sizeBytes: number;
}

/**
 * Puts one entry of an archive into a directory that nobody else can reach yet. An archive is hostile: no entry may lie
 * outside, nor below a link, and only files, directories and links that point inside are taken.
 * @param path of the entry, relative to `top`
 * @param bounds null: the archive holds what an agent had, who may make links that point outside; and what can have no
 *   address here is left out, where it would make all the rest worthless
 */
export async function unpackItem(
  top: Directory,
  item: TarItem,
  path: string,
  owner: User | null,
  unpacked: Unpacked,
  bounds: Bounds | null,
): Promise<void> {
  const plain = path.replace(/^(\.\/+)+/, '').replace(/^\.$/, '');
  const why = whatIsWrongWith(plain);
  if (why !== null && !bounds) return;
  if (why !== null) throw invalidArchive(`holds ${quoted(path)}, whose path ${why}`);
  const names = plain.split('/').filter((name) => name !== '');
  const name = names.at(-1);
  if (name === undefined) return;
  if (item.type === 'other') {
    throw invalidArchive(
      `holds ${quoted(path)}, which is a ${item.kind === 'Link' ? 'hard link' : item.kind}. Only files, directories and symbolic links can be unpacked`,
    );
  }
  const making = { path, owner, unpacked, bounds };
  await using parent = await enter(top, names.slice(0, -1), making);
  const before = await parent.inspect(name);
  if (item.type === 'directory') {
    await using made = await enter(parent, [name], making);
    return await made.handle.chmod((item.mode & 0o777) | 0o700);
  }
  if (before?.isDirectory()) throw invalidArchive(`holds ${quoted(path)} twice, once as a directory`);
  // The later of two entries counts, as with any tar.
  if (before) await unlink(parent.at(name));
  if (item.type === 'symlink') await putLink(parent, name, bounds ? names : null, item, owner, unpacked);
  else await putFile(parent, name, item, owner, unpacked);
}

async function putFile(
  parent: Directory,
  name: string,
  item: TarItem,
  owner: User | null,
  unpacked: Unpacked,
): Promise<void> {
  await using file = await parent.openFile(name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  unpacked.sizeBytes += await writeAll(file, item.content());
  if (owner) await file.chown(owner.uid, owner.gid);
  await file.chmod((item.mode & 0o777) | 0o400);
  if (item.modified && !Number.isNaN(item.modified.getTime())) await file.utimes(item.modified, item.modified);
  unpacked.files++;
}

async function putLink(
  parent: Directory,
  name: string,
  /** From the top; null: it may point anywhere. */
  inside: string[] | null,
  item: TarItem,
  owner: User | null,
  unpacked: Unpacked,
): Promise<void> {
  if (inside && !staysInside(inside, item.linkpath)) {
    throw invalidArchive(
      `holds the link ${quoted(inside.join('/'))}, which points outside, to ${quoted(item.linkpath)}`,
    );
  }
  await symlink(item.linkpath, parent.at(name));
  if (owner) await lchown(parent.at(name), owner.uid, owner.gid);
  unpacked.symlinks++;
}

/** For what directories are made. */
interface Making {
  /** As the archive has it. */
  path: string;
  owner: User | null;
  unpacked: Unpacked;
  bounds: Bounds | null;
}

/** Opens a directory below `top` and makes what is missing. */
async function enter(top: Directory, names: string[], making: Making): Promise<Directory> {
  let here = (await top.openDirectory('.')) as Directory;
  try {
    for (const name of names) {
      const next = await stepInto(here, name, making);
      await here.handle.close();
      here = next;
    }
    return here;
  } catch (error) {
    await here.handle.close();
    throw error;
  }
}

async function stepInto(here: Directory, name: string, making: Making): Promise<Directory> {
  const { path, owner, unpacked, bounds } = making;
  const info = await here.inspect(name);
  if (info && !info.isDirectory()) {
    throw invalidArchive(`holds ${quoted(path)}, which lies below ${quoted(name)}, and that is no directory`);
  }
  if (!info && bounds && unpacked.directories >= bounds.MAX_ARCHIVE_ENTRIES) throw tooMany(bounds);
  if (!info) await mkdir(here.at(name), { mode: 0o700 });
  const next = (await here.openDirectory(name)) as Directory;
  if (!info) {
    if (owner) await next.handle.chown(owner.uid, owner.gid);
    await next.handle.chmod(0o755);
    unpacked.directories++;
  }
  return next;
}
