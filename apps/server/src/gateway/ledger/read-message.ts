import { type Usage, UsageTally } from './usage.ts';

/** What an answer says of itself. */
export interface Reading {
  usage: Usage;
  /** null: it did not say. */
  model: string | null;
  /** null: it did not reach its end. */
  stopReason: string | null;
  /** Tokens of output that have passed although their count has not, at least. */
  passedTokens: number;
}

export const NOTHING_READ: Reading = { usage: new UsageTally().usage, model: null, stopReason: null, passedTokens: 0 };

/** Reads a message that came in one piece; nothing when it is none. */
export function readMessage(body: Buffer): Reading {
  let message: { model?: unknown; stop_reason?: unknown; usage?: unknown } | null;
  try {
    message = JSON.parse(body.toString('utf8'));
  } catch {
    return NOTHING_READ;
  }
  const tally = new UsageTally();
  tally.add(message?.usage);
  return {
    usage: tally.usage,
    model: typeof message?.model === 'string' ? message.model : null,
    stopReason: typeof message?.stop_reason === 'string' ? message.stop_reason : null,
    passedTokens: 0,
  };
}
