import type { Ending, Part, Reply } from '../reply/reply.ts';
import type { Composition, Item } from './compose-response.ts';
import type { FaultCounters } from './fault-counters.ts';
import type { FaultStep } from './step.ts';

/**
 * The response up to its first fault that has not happened often enough, or the whole of it. A whole response forgets
 * the counters of its faults: the same conversation, asked once more from the start, meets them again.
 */
export function applyFaults({ items, stopReason }: Composition, counters: FaultCounters, conversation: string): Reply {
  const keys = items.flatMap((item) => ('fault' in item ? [`${conversation}:${item.step}`] : []));
  let seen = 0;
  for (const [index, item] of items.entries()) {
    if (!('fault' in item)) continue;
    const key = keys[seen++] as string;
    if (counters.count(key) >= item.fault.times) continue;
    counters.add(key);
    return faultyReply(partsOf(items.slice(0, index)), partsOf(items.slice(index)), item.fault);
  }
  const onComplete = () => {
    for (const key of keys) counters.forget(key);
  };
  return { parts: partsOf(items), ending: { kind: 'complete', stopReason }, onComplete };
}

function faultyReply(before: Part[], behind: Part[], fault: FaultStep): Reply {
  if (fault.kind === 'stall') return { parts: before, ending: { kind: 'stall' } };
  if (fault.kind === 'error' && !fault.midStream) {
    const { status, retryAfter } = fault;
    const ending: Ending = { kind: 'http-error', status, ...(retryAfter === undefined ? {} : { retryAfter }) };
    return { parts: before.filter((part) => part.kind === 'wait'), ending };
  }
  const ending: Ending = fault.kind === 'drop' ? { kind: 'drop' } : { kind: 'stream-error', status: fault.status };
  return { parts: begun(before, behind), ending };
}

/** A stream is cut in its middle: one that would be cut before any content begins the content behind the fault. */
function begun(before: Part[], behind: Part[]): Part[] {
  if (before.some((part) => part.kind !== 'wait')) return before;
  const next = behind.find((part) => part.kind !== 'wait');
  return next === undefined ? before : [...before, { ...next, open: true }];
}

function partsOf(items: readonly Item[]): Part[] {
  return items.flatMap((item) => ('part' in item ? [item.part] : []));
}
