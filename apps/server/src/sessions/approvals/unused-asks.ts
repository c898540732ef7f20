import type { SessionContext } from '../session-context.ts';
import type { TurnCall } from '../turns/turn-calls.ts';
import type { Ask } from './approval.ts';
import { inputHash } from './input-hash.ts';
import { loadAsks } from './load-asks.ts';

/**
 * Those of a turn's unanswered calls that were asked about and have surely not run: nobody has allowed them, or their grant is
 * not spent. One whose owner died before the ask was stored counts as withdrawn.
 */
export async function findUnusedAsks(ctx: SessionContext, turnId: string, unanswered: TurnCall[]): Promise<Ask[]> {
  if (unanswered.length === 0) return [];
  const asks = await loadAsks(ctx, turnId);
  return unanswered.flatMap((tool): Ask[] => {
    const ask = asks.find(({ eventId }) => eventId === tool.eventId);
    if (ask) return ask.used ? [] : [ask];
    if (!tool.asks) return [];
    const { eventId, ref, name, input } = tool;
    return [
      {
        eventId,
        ref: ref ?? '',
        name,
        input,
        inputHash: inputHash(input),
        state: 'cancelled',
        message: null,
        used: false,
      },
    ];
  });
}
