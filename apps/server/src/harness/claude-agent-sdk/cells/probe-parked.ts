import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/**
 * Asks a parked process something on its control channel; the SDK has no call for that before the claim, and ignores
 * an answer to a question that is not its own.
 * @throws when no answer comes within `withinMs` milliseconds.
 */
export async function probeParked(child: ChildProcessWithoutNullStreams, withinMs: number): Promise<void> {
  const id = `probe-${randomUUID()}`;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let tail = '';
  const onData = (chunk: Buffer) => {
    const text = tail + chunk.toString('latin1');
    if (text.includes(id)) resolve();
    tail = text.slice(-id.length);
  };
  const late = setTimeout(() => reject(new Error(`the spare did not answer within ${withinMs / 1000} s`)), withinMs);
  child.stdout.on('data', onData);
  try {
    const request = { type: 'control_request', request_id: id, request: { subtype: 'mcp_status' } };
    child.stdin.write(`${JSON.stringify(request)}\n`);
    await promise;
  } finally {
    clearTimeout(late);
    child.stdout.off('data', onData);
  }
}
