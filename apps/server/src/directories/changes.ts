/** Who looks at a directory for longer than a moment, by session. */
const watches = new Map<string, Set<Watch>>();

interface Watch extends Disposable {
  /** Somebody has changed the directory through this process since the watch began, or does so now. */
  readonly changed: boolean;
}

/** Notes changes of a directory that are made through the API of this node, until it is disposed of. */
export function watchChanges(sessionId: string): Watch {
  const watch = {
    changed: false,
    [Symbol.dispose]: () => {
      const others = watches.get(sessionId);
      others?.delete(watch);
      if (others?.size === 0) watches.delete(sessionId);
    },
  };
  watches.set(sessionId, (watches.get(sessionId) ?? new Set()).add(watch));
  return watch;
}

export function noteChange(sessionId: string): void {
  for (const watch of watches.get(sessionId) ?? []) (watch as { changed: boolean }).changed = true;
}
