// What ends in another process of the fleet is seen this late.
const POLL_MS = 500;

/** Requests that wait for others of their workspace to end. */
export class Waiters {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves when somebody wakes the workspace, or after half a second. Rejects when the signal aborts. */
  wait(workspaceId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const waiting = this.#waiting.get(workspaceId) ?? new Set();
      this.#waiting.set(workspaceId, waiting);
      const over = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', over);
        waiting.delete(over);
        if (waiting.size === 0) this.#waiting.delete(workspaceId);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      const timer = setTimeout(over, POLL_MS);
      signal.addEventListener('abort', over, { once: true });
      waiting.add(over);
    });
  }

  wake(workspaceId: string): void {
    for (const over of [...(this.#waiting.get(workspaceId) ?? [])]) over();
  }
}
