import { setTimeout as delay } from 'node:timers/promises';

/**
 * The first truthy value of `check`, or undefined when `withinMs` have passed without one.
 * Rejects with the signal's reason when it is aborted.
 */
export async function until<T>(
  check: () => T | Promise<T>,
  { withinMs, everyMs = 5, signal }: { withinMs: number; everyMs?: number; signal?: AbortSignal | undefined },
): Promise<Exclude<T, false | null | undefined> | undefined> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    signal?.throwIfAborted();
    const value = await check();
    if (value) return value as Exclude<T, false | null | undefined>;
    if (performance.now() >= deadline) return undefined;
    await delay(everyMs);
  }
}
