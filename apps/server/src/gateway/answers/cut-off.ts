import type { ServerResponse } from 'node:http';

/** What was written already has this long to leave. */
const FLUSH_MS = 2_000;

/** Ends an answer so that its client sees it is not whole: what was written still arrives, then the connection breaks. */
export function cutOff(res: ServerResponse): void {
  const { socket } = res;
  if (!socket || socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), FLUSH_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.destroySoon();
}
