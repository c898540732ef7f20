import type { ErrorStatus } from '../http/api-error.ts';

/** What a script may ask for. Faults happen `times` times and are skipped afterwards, so that a retry goes on. */
export type Step =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'thinking'; readonly thinking: string }
  | { readonly kind: 'tool'; readonly tool: string; readonly input: object; readonly parallel: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'pace'; readonly tokensPerSecond: number }
  | FaultStep;

export type FaultStep =
  | {
      readonly kind: 'error';
      readonly status: ErrorStatus;
      readonly midStream: boolean;
      readonly times: number;
      readonly retryAfter?: number;
    }
  | { readonly kind: 'stall'; readonly times: number }
  | { readonly kind: 'drop'; readonly times: number };

export function isFault(step: Step): step is FaultStep {
  return step.kind === 'error' || step.kind === 'stall' || step.kind === 'drop';
}
