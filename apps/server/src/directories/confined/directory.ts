import { type BigIntStats, constants, existsSync } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** A name in a directory: text, or the bytes of one that is not UTF-8. */
export type Name = string | Buffer;

// A path below /proc/self/fd/N is looked up from the very directory that N holds open, wherever that has been moved to.
const THROUGH_DESCRIPTORS = existsSync('/proc/self/fd');

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * A directory that is held open. Names are looked up in it alone and no link is followed on the way, so that nobody
 * who moves or replaces directories meanwhile can lead us elsewhere. Where there is no /proc (macOS) its path is
 * compared before each step instead, which a determined neighbour can outrun.
 */
export class Directory implements AsyncDisposable {
  readonly handle: FileHandle;
  readonly #path: string;

  private constructor(handle: FileHandle, path: string) {
    this.handle = handle;
    this.#path = path;
  }

  /** Opens a directory by a path that only the server can change. Null: it is not there. */
  static async openTrusted(path: string): Promise<Directory | null> {
    const handle = await open(path, DIRECTORY).catch(absent);
    return handle && new Directory(handle, await realpath(path));
  }

  /** Opens a directory in this one. Null: there is nothing of that name. @throws ENOTDIR, ELOOP for anything else. */
  async openDirectory(name: Name): Promise<Directory | null> {
    const handle = await open(this.at(name), DIRECTORY).catch(absent);
    if (!handle || THROUGH_DESCRIPTORS) return handle && new Directory(handle, '');
    const path = join(this.#path, String(name));
    if ((await realpath(path)) === path) return new Directory(handle, path);
    await handle.close();
    throw Object.assign(new Error(`${path} leads elsewhere`), { code: 'ELOOP' });
  }

  /** Opens a file in this directory; a pipe does not keep us waiting. @throws ELOOP for a link. */
  openFile(name: Name, flags: number, mode?: number): Promise<FileHandle> {
    return open(this.at(name), flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, mode);
  }

  /** What the name stands for, a link for itself. Null: nothing. */
  inspect(name: Name): Promise<BigIntStats | null> {
    return lstat(this.at(name), { bigint: true }).catch(absent);
  }

  linkTarget(name: Name): Promise<Buffer> {
    return readlink(this.at(name), { encoding: 'buffer' });
  }

  /** The path by which the system finds `name` in this very directory, for as long as it is held open. */
  at(name: Name): string | Buffer {
    const prefix = `${this.self}/`;
    return typeof name === 'string' ? prefix + name : Buffer.concat([Buffer.from(prefix), name]);
  }

  /** The path of the directory itself, for as long as it is held open. */
  get self(): string {
    // Its number may be somebody else's by now.
    if (this.handle.fd < 0) throw new Error('failed to use a directory: it was closed already');
    return THROUGH_DESCRIPTORS ? `/proc/self/fd/${this.handle.fd}` : this.#path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
