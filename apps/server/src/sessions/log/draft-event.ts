import type { LoggedEvent } from '@aaas/contract/events';
import { newId } from '@aaas/contract/ids';

/** An event that is not in the log yet. Its id may have been shown already, by a live delta. */
export interface EventDraft {
  id: string;
  type: string;
  body: Record<string, unknown>;
  /** The harness's own id of it, for recovery; never shown. */
  ref: string | null;
}

export function draftEvent(
  type: string,
  body: Record<string, unknown> = {},
  options: { id?: string; ref?: string } = {},
): EventDraft {
  return { id: options.id ?? newId('sevt'), type, body, ref: options.ref ?? null };
}

/** The columns of a batch, in the form that `unnest` takes. */
export function toColumns(drafts: EventDraft[], at: Date) {
  const processed_at = at.toISOString();
  return {
    ids: drafts.map((draft) => draft.id),
    types: drafts.map((draft) => draft.type),
    refs: drafts.map((draft) => draft.ref),
    payloads: drafts.map((draft) => JSON.stringify({ id: draft.id, type: draft.type, ...draft.body, processed_at })),
  };
}

/** The events of a batch as they stand in the log, the first at `base + 1`. */
export function toLogged(
  columns: ReturnType<typeof toColumns>,
  base: number,
  turnId: string | null,
  at: Date,
): LoggedEvent[] {
  return columns.ids.map((id, index) => ({
    seq: base + index + 1,
    id,
    type: columns.types[index] as string,
    turnId,
    at,
    payload: columns.payloads[index] as string,
  }));
}
