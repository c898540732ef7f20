/** A line that is longer is no line of a node. */
const LINE_MAX_CHARS = 64 * 1024 * 1024;

/** The lines of a body as they come. */
export async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let pieces: string[] = [];
  let chars = 0;
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      pieces.push(text.slice(from, end));
      yield pieces.join('');
      pieces = [];
      chars = 0;
      from = end + 1;
    }
    const rest = text.slice(from);
    chars += rest.length;
    if (chars > LINE_MAX_CHARS) throw new Error(`a line has more than ${LINE_MAX_CHARS} characters`);
    if (rest !== '') pieces.push(rest);
  }
}
