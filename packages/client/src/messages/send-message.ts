import type { MessageResponse, Turn, TurnAccepted } from '@aaas/contract/operations-api';
import { withPatience } from '../transport/patience.ts';
import { pause } from '../transport/pause.ts';
import type { Call, Transport } from '../transport/transport.ts';
import { type MessageOptions, messageCall } from './message.ts';

/** Shorter than the patience of a usual proxy; what lasts longer is asked for again and again. */
const WAIT_SECONDS = 50;
const GRACE_SECONDS = 30;
const POLL_FIRST_MS = 250;
const POLL_MAX_MS = 2_000;

/**
 * Sends a message and waits for its answer, however long the turn takes. A cut connection or a restarted server does
 * not send it twice. @throws ApiRequestError `turn_failed` when the turn failed.
 */
export async function sendMessage(
  transport: Transport,
  agentId: string,
  message: string,
  options: MessageOptions,
): Promise<MessageResponse> {
  const call = messageCall(agentId, message, options);
  const asked: Call = {
    ...call,
    headers: { ...call.headers, prefer: `wait=${WAIT_SECONDS}` },
    timeoutMs: (WAIT_SECONDS + GRACE_SECONDS) * 1000,
  };
  for (;;) {
    const { status, body } = await withPatience(transport.patience('lasting'), call.signal, () =>
      transport.jsonOnce<MessageResponse | TurnAccepted>(asked),
    );
    if (status !== 202) return body as MessageResponse;
    await untilEnded(transport, (body as TurnAccepted).endpoint, call.signal);
    // The turn has ended: asked again, the message is answered at once, in the platform's own words.
  }
}

async function untilEnded(transport: Transport, path: string, signal: AbortSignal | undefined): Promise<void> {
  for (let wait = POLL_FIRST_MS; ; wait = Math.min(wait * 2, POLL_MAX_MS)) {
    const turn = await transport.json<Turn>({ method: 'GET', path, signal }, 'lasting');
    if (turn.state !== 'queued' && turn.state !== 'running') return;
    await pause(wait, signal);
  }
}
