import type { EventSourceMessage } from 'eventsource-parser';
import type { LogEvent } from './log-event.ts';

/** Frames that keep a stream going and are no events. After `resync` the log itself follows again. */
const HOUSEKEEPING = new Set(['ping', 'resync']);

/**
 * The event in a frame: its data, its type where the data has none, and its place in the log. Null: there is none.
 * `T` is what the stream promises to carry.
 */
export function toEvent<T>(frame: EventSourceMessage): T | null {
  if (frame.event !== undefined && HOUSEKEEPING.has(frame.event)) return null;
  const data = JSON.parse(frame.data) as object;
  const seq = frame.id === undefined ? {} : { seq: Number(frame.id) };
  return { ...seq, type: frame.event, ...data } as T;
}

export function isLogged(event: { type: string }): event is LogEvent {
  return 'seq' in event;
}
