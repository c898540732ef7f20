import { pause } from '../transport/pause.ts';

const FIRST_MS = 100;
const MAX_MS = 2_000;

/** Reads again and again, more and more slowly, until it is as wanted. `reached` is false when time is up. */
export async function waitUntil<T>(
  read: () => Promise<T>,
  isWanted: (value: T) => boolean,
  { timeoutMs, signal }: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined },
): Promise<{ value: T; reached: boolean }> {
  const deadline = Date.now() + (timeoutMs ?? Number.POSITIVE_INFINITY);
  for (let wait = FIRST_MS; ; wait = Math.min(wait * 1.5, MAX_MS)) {
    const value = await read();
    if (isWanted(value)) return { value, reached: true };
    const left = deadline - Date.now();
    if (left <= 0) return { value, reached: false };
    await pause(Math.min(wait, left), signal);
  }
}
