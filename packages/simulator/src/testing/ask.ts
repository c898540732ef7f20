/** What a client saw of one answer, streamed or not. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly events: string[];
  readonly texts: string[];
  readonly thoughts: string[];
  readonly calls: { id: string; name: string; input: unknown }[];
  readonly content: { type: string }[];
  readonly stopReason: string | null;
  readonly usage: { input_tokens: number; output_tokens: number } | undefined;
  readonly error: { type: string; message: string } | undefined;
  /** The connection ended before the answer did. */
  readonly cut: boolean;
}

type Fields = Record<string, unknown>;

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON came
type Json = any;

/** Asks with a plain `fetch` and reads the answer by hand, so that a test sees the bytes and not what a client makes of them. */
export async function ask(url: string, body: Fields, init: { signal?: AbortSignal } = {}): Promise<Answer> {
  const response = await fetch(`${url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'any' },
    body: JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 1024, stream: true, ...body }),
    ...init,
  });
  const { text, cut } = await readAll(response);
  const { status, headers } = response;
  if (headers.get('content-type') === 'application/json') {
    const json: Json = JSON.parse(text);
    const { content = [], stop_reason: stopReason = null, usage, error } = json;
    return { status, headers, events: [], ...sorted(content), stopReason, usage, error, cut };
  }
  return { status, headers, ...readEvents(text), cut };
}

/** Everything that came, also when the connection was cut behind it or the test had enough. */
async function readAll(response: Response): Promise<{ text: string; cut: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of response.body as ReadableStream<Uint8Array>)
      text += decoder.decode(chunk, { stream: true });
    return { text, cut: false };
  } catch {
    return { text, cut: true };
  }
}

function readEvents(text: string): Omit<Answer, 'status' | 'headers' | 'cut'> {
  const events: string[] = [];
  const content: Json[] = [];
  let end: Json = {};
  let error: Json;
  for (const frame of text.split('\n\n').filter((frame) => frame !== '')) {
    const [name = '', data = ''] = frame.split('\n').map((line) => line.slice(line.indexOf(': ') + 2));
    const event: Json = JSON.parse(data);
    if (event.type !== name) throw new Error(`event ${name} holds ${event.type}`);
    events.push(name);
    if (name === 'content_block_start') content[event.index] = { ...event.content_block, json: '' };
    if (name === 'content_block_delta') addDelta(content[event.index], event.delta);
    if (name === 'message_delta') end = event;
    if (name === 'error') error = event.error;
  }
  const blocks = content.map(({ json, ...block }) =>
    block.type === 'tool_use' ? { ...block, input: isJson(json) ? JSON.parse(json) : json } : block,
  );
  return { events, ...sorted(blocks), stopReason: end.delta?.stop_reason ?? null, usage: end.usage, error };
}

function addDelta(block: Json, delta: Json): void {
  if (delta.type === 'text_delta') block.text += delta.text;
  else if (delta.type === 'thinking_delta') block.thinking += delta.thinking;
  else if (delta.type === 'signature_delta') block.signature += delta.signature;
  else block.json += delta.partial_json;
}

function sorted(content: Json[]): Pick<Answer, 'content' | 'texts' | 'thoughts' | 'calls'> {
  return {
    content,
    texts: content.flatMap((block) => (block.type === 'text' ? block.text : [])),
    thoughts: content.flatMap((block) => (block.type === 'thinking' ? block.thinking : [])),
    calls: content.filter((block) => block.type === 'tool_use').map(({ id, name, input }) => ({ id, name, input })),
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
