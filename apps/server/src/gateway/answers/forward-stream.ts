import type { ServerResponse } from 'node:http';
import type { SseMeter } from '../ledger/sse-meter.ts';
import { AFTER_STOP_MS } from '../limits.ts';
import { redact } from '../redact.ts';
import type { UpstreamBody } from '../upstreams/upstream-body.ts';
import { cutOff } from './cut-off.ts';
import { drained } from './drained.ts';

export interface Forwarding {
  res: ServerResponse;
  first: Buffer;
  rest: UpstreamBody;
  status: number;
  headers: Record<string, string | string[]>;
  meter: SseMeter;
  /** Not to be seen by the client. */
  secrets: readonly string[];
  /** Writes the ledger row; called once, before the end of the message is passed on or the answer is cut. */
  commit(): Promise<void>;
  /** Called with each chunk that is passed on. */
  onData(): void;
}

/**
 * Passes a stream on, chunk by chunk, and reads its usage on the way. Resolves with the reason when it broke: then the
 * client's connection is broken too. Never rejects.
 */
export async function forwardStream(forwarding: Forwarding): Promise<Error | null> {
  const { res, rest, meter, secrets } = forwarding;
  let afterStop: NodeJS.Timeout | undefined;
  const write = (bytes: Buffer): Promise<void> | undefined => {
    if (!res.headersSent) res.writeHead(forwarding.status, forwarding.headers);
    return res.write(bytes) ? undefined : drained(res);
  };
  let broken: Error | null = null;
  try {
    for (let chunk: Buffer | undefined = forwarding.first; chunk; chunk = (await rest.next()).value) {
      const { pass, last } = meter.push(chunk);
      forwarding.onData();
      if (pass.length > 0) await write(pass);
      if (!last) continue;
      await forwarding.commit();
      // The message is complete: whether the upstream now closes its answer, breaks it or hangs is all one.
      afterStop = setTimeout(() => rest.cancel(), AFTER_STOP_MS);
      await write(meter.ending === 'error' ? redact(last, secrets) : last);
    }
    const last = meter.finish();
    if (last) {
      await forwarding.commit();
      await write(meter.ending === 'error' ? redact(last, secrets) : last);
    }
    if (!meter.ending) broken = new Error('the upstream ended its stream before the message');
  } catch (error) {
    if (!meter.ending) broken = error as Error;
  } finally {
    clearTimeout(afterStop);
  }
  if (broken) {
    await forwarding.commit();
    rest.cancel();
    cutOff(res);
  } else res.end();
  return broken;
}
