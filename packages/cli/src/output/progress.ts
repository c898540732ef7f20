import { bytes } from './figures.ts';
import { style } from './style.ts';

/** How far long work has come: on standard error, on one line that goes away, and only on a terminal. */
export function progress(what: string) {
  const { stderr } = process;
  let shown = 0;
  const say = (text: string) => {
    if (!stderr.isTTY) return;
    stderr.write(`\r\x1b[K${style('dim', `${what} ${text}`, stderr)}`);
  };
  return {
    say,
    /** Counts what passes through. */
    counting: (total?: number) =>
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          shown += chunk.length;
          say(total === undefined ? bytes(shown) : `${bytes(shown)} of ${bytes(total)}`);
          controller.enqueue(chunk);
        },
      }),
    end: () => {
      if (stderr.isTTY) stderr.write('\r\x1b[K');
    },
    get bytes() {
      return shown;
    },
  };
}
