import type { EventSourceMessage } from 'eventsource-parser';
import type { LogEvent } from './log-event.ts';

/** Frames that keep a stream going and are no events. */
function isHousekeeping({ event, data }: EventSourceMessage): boolean {
  // A reader that was too slow misses nothing: the log itself follows. What was removed does not.
  return event === 'ping' || (event === 'resync' && JSON.parse(data).reason !== 'removed');
}

/**
 * The event in a frame: its data, its type where the data has none, and its place in the log. Null: there is none.
 * `T` is what the stream promises to carry.
 */
export function toEvent<T>(frame: EventSourceMessage): T | null {
  if (isHousekeeping(frame)) return null;
  const data = JSON.parse(frame.data) as object;
  const seq = frame.id === undefined ? {} : { seq: Number(frame.id) };
  return { ...seq, type: frame.event, ...data } as T;
}

export function isLogged(event: { type: string }): event is LogEvent {
  return 'seq' in event;
}
