import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** The platform pings every 15 s: a connection that is silent for so long is dead, though nobody has said so. */
const SILENCE_MAX_MS = 45_000;
/** More than the longest event; an endless line must not fill the memory. */
const FRAME_MAX_CHARS = 64 * 1024 * 1024;

/** The server-sent events of an answer, until it ends. Whoever stops reading closes the connection. */
export async function* readFrames(response: Response): AsyncGenerator<EventSourceMessage> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const frames: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (frame) => frames.push(frame), maxBufferSize: FRAME_MAX_CHARS });
  try {
    for (;;) {
      const { done, value } = await beforeSilence(reader.read());
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* frames.splice(0);
    }
  } finally {
    // Not awaited: after a cut it would not settle, and nobody needs to know.
    reader.cancel().catch(() => {});
  }
}

async function beforeSilence<T>(read: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`silent for ${SILENCE_MAX_MS / 1000} s`)), SILENCE_MAX_MS);
  });
  try {
    return await Promise.race([read, silence]);
  } finally {
    clearTimeout(timer);
  }
}
