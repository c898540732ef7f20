import type { ConversationId } from '../conversation-address.ts';
import type { Schema } from '../operations/operation-types.ts';
import { withPatience } from '../transport/patience.ts';
import type { Call, Transport } from '../transport/transport.ts';
import { waitUntil } from '../waiting/wait-until.ts';
import { type MessageOptions, messageCall } from './message.ts';
import { hasEnded } from './turns.ts';

type MessageResponse = Schema<'MessageResponse'>;
type TurnAccepted = Schema<'TurnAccepted'>;
type Turn = Schema<'Turn'>;

/** Shorter than the patience of a usual proxy; what lasts longer is asked for again and again. */
const WAIT_SECONDS = 50;
const GRACE_SECONDS = 30;

/**
 * Sends a message and waits for its answer, however long the turn takes. A cut connection or a restarted server does
 * not send it twice. @throws ApiRequestError `turn_failed` when the turn failed.
 */
export async function sendMessage(
  transport: Transport,
  id: ConversationId,
  message: string,
  options: MessageOptions,
): Promise<MessageResponse> {
  const call = messageCall(id, message, options);
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
    const { signal } = call;
    const path = (body as TurnAccepted).endpoint;
    await waitUntil(() => transport.json<Turn>({ method: 'GET', path, signal }, 'lasting'), hasEnded, { signal });
    // The turn has ended: asked again, the message is answered at once, in the platform's own words.
  }
}
