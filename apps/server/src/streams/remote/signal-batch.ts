import type { StreamSignal } from '../stream-hub.ts';

/** What was published in one process of one session, in order. */
export interface SignalBatch {
  sessionId: string;
  /** The life of the node that published it. */
  origin: string;
  /** The node that owns the session says so of itself. */
  owner: boolean;
  signals: NumberedSignal[];
}

export interface NumberedSignal {
  /** Grows with everything that its origin publishes; whoever gets something twice, by two ways, tells by it. */
  n: number;
  signal: StreamSignal;
}

/** An event that is longer goes unsent: who listens is told to read the log. */
const PAYLOAD_MAX_CHARS = 256 * 1024;

/** One line of JSON. */
export function encodeBatch(batch: SignalBatch): string {
  return JSON.stringify({ ...batch, signals: batch.signals.map(({ n, signal }) => ({ n, signal: bounded(signal) })) });
}

/** @param text of a node of this platform. Null: it is of another version. */
export function decodeBatch(text: string): SignalBatch | null {
  const batch: SignalBatch = JSON.parse(text);
  if (typeof batch.sessionId !== 'string' || !Array.isArray(batch.signals)) return null;
  for (const { signal } of batch.signals) {
    if (signal.kind === 'events') for (const event of signal.events) event.at = new Date(event.at);
    if (signal.kind !== 'turn_ended') continue;
    const { turn } = signal;
    turn.acceptedAt = new Date(turn.acceptedAt);
    turn.startedAt = turn.startedAt && new Date(turn.startedAt);
    turn.endedAt = turn.endedAt && new Date(turn.endedAt);
  }
  return batch;
}

function bounded(signal: StreamSignal): StreamSignal {
  if (signal.kind !== 'events') return signal;
  const chars = signal.events.reduce((sum, { payload }) => sum + payload.length, 0);
  return chars > PAYLOAD_MAX_CHARS ? { kind: 'changed' } : signal;
}
