import type { CallOptions } from '../client-options.ts';
import { addressOf, type ConversationId } from '../conversation-address.ts';
import { Tries } from '../transport/patience.ts';
import { pause } from '../transport/pause.ts';
import type { Transport } from '../transport/transport.ts';
import type { StreamEvent } from './log-event.ts';
import { isLogged, toEvent } from './to-event.ts';

/** A stream was cut and is taken up again. */
export interface Reconnect {
  /** 1 for the first try after the stream last went on. */
  attempt: number;
  delayMs: number;
  cause: Error;
}

export interface FollowOptions extends CallOptions {
  /** Events after this sequence. 0: all of them. Left out: what comes from now on. */
  after?: number;
  onReconnect?: (reconnect: Reconnect) => void;
}

/**
 * The events of an agent or a session, without an end. After a cut, also a restart of the server, it goes on behind the
 * last event: none is missing and none comes twice. Live text that was not seen is not shown again; the
 * `agent.message` holds it.
 */
export async function* followLog(
  transport: Transport,
  id: ConversationId,
  options: FollowOptions,
): AsyncGenerator<StreamEvent> {
  const { signal, onReconnect } = options;
  const tries = new Tries(transport.patience('lasting'));
  let last = options.after;
  for (;;) {
    let cause: Error;
    try {
      const frames = transport.frames({
        method: 'GET',
        path: `${addressOf(id)}/events/stream`,
        query: { after: last },
        signal,
      });
      for await (const frame of frames) {
        tries.reset();
        // The first ping names the place where the stream begins.
        if (last === undefined && frame.event === 'ping' && frame.id !== undefined) last = Number(frame.id);
        const event = toEvent<StreamEvent>(frame);
        if (!event) continue;
        if (isLogged(event)) {
          if (last !== undefined && event.seq <= last) continue;
          last = event.seq;
        }
        yield event;
        if (event.type === 'session.deleted') return;
      }
      // A server that stops ends its streams in good order.
      cause = transport.cut(new Error('the stream ended'));
    } catch (error) {
      cause = error as Error;
    }
    const delayMs = tries.delayAfter(cause);
    onReconnect?.({ attempt: tries.failures, delayMs, cause });
    await pause(delayMs, signal);
  }
}
