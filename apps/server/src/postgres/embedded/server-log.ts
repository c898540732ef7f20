import { copyFile, type FileHandle, open, stat, truncate } from 'node:fs/promises';

const MAX_LOG_BYTES = 10 * 1024 * 1024;
const CHECK_EVERY_MS = 60_000;
const TAIL_BYTES = 4096;

/** Above 10 MB the log becomes `log.old`. Copied, not renamed: a running server keeps appending to its open file. */
export async function boundServerLog(path: string, maxBytes = MAX_LOG_BYTES): Promise<void> {
  const size = await serverLogSize(path);
  if (size <= maxBytes) return;
  await copyFile(path, `${path}.old`);
  await truncate(path);
}

/** Keeps the log bounded while the server runs, until the returned function is called. */
export function watchServerLog(path: string): () => void {
  const timer = setInterval(() => {
    boundServerLog(path).catch(() => {}); // a full disk; the next round tries again
  }, CHECK_EVERY_MS).unref();
  return () => clearInterval(timer);
}

export async function serverLogSize(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** The end of what was logged since the file had `from` bytes. */
export async function serverLogTail(path: string, from: number): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    const start = Math.max(from, size - TAIL_BYTES);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
    return buffer.toString('utf8', 0, bytesRead).trim();
  } catch {
    return '';
  } finally {
    await file?.close();
  }
}
