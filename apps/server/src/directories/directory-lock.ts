/**
 * One change of a directory at a time: between looking at what stands at a path and replacing it, no other request of
 * this node comes in, nor is the directory itself exchanged. The agent itself is not kept out.
 */
const changing = new Map<string, Promise<unknown>>();

export async function lockDirectory<T>(sessionId: string, change: () => Promise<T>): Promise<T> {
  const before = changing.get(sessionId) ?? Promise.resolve();
  const mine = before.then(change, change);
  const settled = mine.catch(() => {});
  changing.set(sessionId, settled);
  try {
    return await mine;
  } finally {
    if (changing.get(sessionId) === settled) changing.delete(sessionId);
  }
}
