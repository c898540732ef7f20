/** A frame of an event stream; `data` is parsed. */
export interface Frame {
  /** Null: the frame has none. */
  id: string | null;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read frames of every shape
  data: any;
}

/** The frames of a response as they come, without pings. Ends with the stream. */
export async function* framesOf(response: Response): AsyncGenerator<Frame> {
  if (!response.body) throw new Error('the response has no body');
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const frame = parse(text.slice(0, end));
      text = text.slice(end + 2);
      if (frame.event !== 'ping') yield frame;
    }
  }
  if (text !== '') throw new Error(`the stream ended within a frame: ${text}`);
}

/** All frames up to the end of the stream, or up to the first that `isLast`. */
export async function collectFrames(
  response: Response,
  isLast: (frame: Frame) => boolean = () => false,
): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of framesOf(response)) {
    frames.push(frame);
    if (isLast(frame)) break;
  }
  return frames;
}

function parse(text: string): Frame {
  const fields = new Map(
    text.split('\n').map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    }),
  );
  return {
    id: fields.get('id') ?? null,
    event: fields.get('event') ?? '',
    data: JSON.parse(fields.get('data') ?? 'null'),
  };
}
