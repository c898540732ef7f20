import type { Schema } from '../operations/operation-types.ts';
import { NotReachedError } from './not-reached-error.ts';
import { waitUntil } from './wait-until.ts';

type Status = Schema<'Status'>;

export interface WaitOptions {
  /** Milliseconds. Default: 60,000. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Told of each state on the way. */
  onStatus?: (status: Status) => void;
}

const TIMEOUT_MS = 60_000;
/** Nothing leads out of these but somebody's request. */
const FINAL: readonly Status[] = ['error', 'stopped', 'terminated'];
/** How long a request that was just made may take to show. */
const SETTLE_MS = 2_000;

/** Waits until an agent or a session is in one of the states. @throws NotReachedError */
export async function waitForStatus<T extends { id: string; status: Status }>(
  read: (signal: AbortSignal | undefined) => Promise<T>,
  wanted: Status | Status[],
  { timeoutMs = TIMEOUT_MS, signal, onStatus }: WaitOptions = {},
): Promise<T> {
  const states = [wanted].flat();
  const began = Date.now();
  let last: Status | null = null;
  const isOver = ({ status }: T) => {
    if (status !== last) onStatus?.(status);
    last = status;
    return states.includes(status) || (FINAL.includes(status) && Date.now() - began > SETTLE_MS);
  };
  const { value } = await waitUntil(() => read(signal), isOver, { timeoutMs, signal });
  if (states.includes(value.status)) return value;
  const seconds = Math.round((Date.now() - began) / 1000);
  throw new NotReachedError(
    `${value.id} is ${value.status} after ${seconds} s, and not ${states.join(' or ')}.`,
    value.status,
  );
}
