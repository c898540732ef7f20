import type { EventDraft } from '../log/draft-event.ts';
import { toolResultEvent } from '../log/tool-events.ts';
import { type Ask, answerTo } from './approval.ts';

/** The result of a call that was asked about and, as its turn ends, was never made. */
export function unusedResult(ask: Ask): EventDraft {
  const answer = answerTo(ask);
  const text = !answer
    ? `The turn ended before anybody answered whether ${ask.name} may run: it was not run.`
    : answer.allow
      ? `${ask.name} was allowed, but the agent did not call it again before its turn ended: it was not run.`
      : answer.message;
  return toolResultEvent(ask, { content: [{ type: 'text', text }], is_error: true }, ask.ref);
}
