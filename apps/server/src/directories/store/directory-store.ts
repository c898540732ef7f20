import type { FileHandle } from 'node:fs/promises';

/** Keeps archives by key. Keys are `workspace/session/name`. */
export interface DirectoryStore {
  /** As in DIRECTORY_STORE. */
  readonly location: string;
  /** Whole or not at all. The file is read from its beginning; the caller closes it. */
  put(key: string, file: FileHandle, size: number, signal: AbortSignal): Promise<void>;
  /** @throws ArchiveMissing when there is nothing of that key */
  get(key: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
  /** What is not there is fine. */
  remove(key: string): Promise<void>;
  close(): void;
}

/** The store answers, and has no such archive. */
export class ArchiveMissing extends Error {
  constructor(location: string, key: string) {
    super(`${location} does not hold ${key}`);
    this.name = 'ArchiveMissing';
  }
}
