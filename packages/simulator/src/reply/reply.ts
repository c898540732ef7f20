import type { ErrorStatus } from '../http/api-error.ts';

/**
 * One thing that a response does. A part that is `open` is cut: half of its content is sent and its block never
 * closed. `tokensPerSecond` paces a text; without it the text goes out at once.
 */
export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly tokensPerSecond?: number; readonly open?: boolean }
  | { readonly kind: 'thinking'; readonly thinking: string; readonly open?: boolean }
  | { readonly kind: 'tool'; readonly name: string; readonly input: object; readonly open?: boolean }
  | { readonly kind: 'wait'; readonly ms: number };

/** How a response ends. */
export type Ending =
  | { readonly kind: 'complete'; readonly stopReason: 'end_turn' | 'tool_use' | 'max_tokens' }
  /** An HTTP error in place of the response: of the parts only waits are left. */
  | { readonly kind: 'http-error'; readonly status: ErrorStatus; readonly retryAfter?: number }
  /** `event: error` after the parts. */
  | { readonly kind: 'stream-error'; readonly status: ErrorStatus }
  /** The socket is cut after the parts. */
  | { readonly kind: 'drop' }
  /** Silence after the parts. */
  | { readonly kind: 'stall' };

export interface Reply {
  readonly parts: readonly Part[];
  readonly ending: Ending;
  /** Called when the whole response has been handed to the socket. */
  readonly onComplete?: () => void;
}

export function textReply(text: string, stopReason: 'end_turn' | 'max_tokens' = 'end_turn'): Reply {
  return { parts: [{ kind: 'text', text }], ending: { kind: 'complete', stopReason } };
}

export function simulatedError(status: ErrorStatus): string {
  return `Simulated error ${status}: the script of the last user message asks for it.`;
}
