import type { ApprovalStatus } from '@aaas/contract/approvals';

/** What a harness asks: may this call of a tool be made? */
export interface AskedCall {
  /** Of the call's event; the approval has the same id. */
  eventId: string;
  /** The harness's own id of the call. */
  ref: string;
  /** The tool as the model calls it. */
  name: string;
  input: unknown;
}

/** An ask of a turn, as the owner of the session and its harness see it. */
export interface Ask extends AskedCall {
  inputHash: string;
  state: ApprovalStatus;
  message: string | null;
  /** The grant is spent: the tool may have run. */
  used: boolean;
}

export type AskAnswer = { allow: true } | { allow: false; message: string };

/** What became of an ask, as the harness needs it. Null while it is open. */
export function answerTo(ask: Pick<Ask, 'name' | 'state' | 'message'>): AskAnswer | null {
  switch (ask.state) {
    case 'open':
      return null;
    case 'allowed':
      return { allow: true };
    case 'denied': {
      const why = ask.message === null ? '' : ` They said: ${ask.message}`;
      return { allow: false, message: `${ask.name} was denied by the person who was asked: it was not run.${why}` };
    }
    case 'expired':
      return { allow: false, message: ask.message ?? `Nobody answered whether ${ask.name} may run: it was not run.` };
    case 'cancelled':
      return { allow: false, message: `${ask.name} was not run: the question whether it may was withdrawn.` };
  }
}

/** What a harness may do about calls that need a person's word. */
export interface AskDesk {
  /** Somebody could answer. Where nobody can, what would ask is refused. */
  readonly staffed: boolean;
  /** Opens the ask for a call whose event is committed. Resolves when those who answer can find it. */
  open(call: AskedCall): Promise<void>;
  /** Waits for the answer, however long it takes; rejects when the signal aborts. */
  answered(eventId: string, signal: AbortSignal): Promise<AskAnswer>;
  /** Spends the grant for one call. False: there is none, or another call has spent it. */
  spend(eventId: string, ref: string): Promise<boolean>;
  /** The call will not be made, whatever the answer. */
  withdraw(eventId: string): void;
}
