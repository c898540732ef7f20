import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../start-simulator.ts';
import { ask } from '../testing/ask.ts';
import { assistant, scripted, TOOLS, user, withResults } from '../testing/conversation.ts';

let simulator: Simulator;
let url: string;

beforeAll(async () => {
  simulator = await startSimulator();
  url = simulator.url;
});
afterAll(() => simulator.close());

const say = (steps: unknown, more: object[] = [], body: object = {}) =>
  ask(url, { tools: TOOLS, messages: [scripted(steps), ...more], ...body });

describe('text', () => {
  it('is sent as it is, with the count', async () => {
    const messages = [user('one'), assistant('ok'), scripted([{ text: 'n={{n}}' }, { text: ' end' }])];
    expect(await ask(url, { messages })).toMatchObject({ texts: ['n=2', ' end'], stopReason: 'end_turn' });
  });

  it('comes after the default reply when the script has none', async () => {
    expect((await say([])).texts).toEqual(['Simulated reply 1: please']);
    expect((await say([{ thinking: 'hm' }])).texts).toEqual(['Simulated reply 1: please']);
  });

  it('may stand in a fence on one line, with text behind it', async () => {
    const answer = await ask(url, { messages: [user('a ```simulate [{"text":"b"}] ``` c')] });
    expect(answer.texts).toEqual(['b']);
  });
});

describe('a call that the conversation has lost', () => {
  const steps = [{ tool: 'Bash', input: { command: 'date' } }, { text: 'done' }];
  const note = '<platform-note>\nThese had begun:\n- Bash {"command":"date"}\n</platform-note>';

  it('is not made again by a model that is told of it', async () => {
    expect(await say(steps, [assistant('ok'), user(note)])).toMatchObject({ texts: ['done'], calls: [] });
    const { content } = scripted(steps);
    const together = user([
      { type: 'text', text: content },
      { type: 'text', text: note },
    ]);
    expect(await ask(url, { tools: TOOLS, messages: [together] })).toMatchObject({ texts: ['done'], calls: [] });
  });

  it('is made when nobody has told', async () => {
    expect((await say(steps)).calls).toMatchObject([{ input: { command: 'date' } }]);
  });

  it('uses up no second step when the conversation knows it', async () => {
    const first = await say([...steps.slice(0, 1), ...steps]);
    const more = [...withResults(first), user(note)];
    expect((await say([...steps.slice(0, 1), ...steps], more)).calls).toHaveLength(1);
  });
});

describe('thinking', () => {
  it('is a signed block of its own', async () => {
    const answer = await say([{ thinking: 'let me see' }, { text: 'done' }]);
    expect(answer.content).toMatchObject([
      { type: 'thinking', thinking: 'let me see' },
      { type: 'text', text: 'done' },
    ]);
    expect(answer.content[0]).toHaveProperty('signature', expect.stringMatching(/.+/));
  });
});

describe('tool', () => {
  const steps = [
    { text: 'first' },
    { tool: 'bash', input: { command: 'ls' } },
    { tool: 'READ_FILE', input: { path: 'a' } },
    { tool: 'Write', input: { path: 'b' }, parallel: true },
    { text: 'got {{tool_result}}' },
  ];

  it('ends the response, and the next request goes on behind it', async () => {
    const first = await say(steps);
    expect(first).toMatchObject({ texts: ['first'], stopReason: 'tool_use' });
    expect(first.calls).toMatchObject([{ name: 'Bash', input: { command: 'ls' } }]);

    const afterFirst = withResults(first);
    const second = await say(steps, afterFirst);
    expect(second).toMatchObject({ texts: [], stopReason: 'tool_use' });
    expect(second.calls).toMatchObject([
      { name: 'mcp__files__read_file', input: { path: 'a' } },
      { name: 'Write', input: { path: 'b' } },
    ]);

    const third = await say(steps, [...afterFirst, ...withResults(second, 'A', 'B')]);
    expect(third).toMatchObject({ texts: ['got B'], calls: [], stopReason: 'end_turn' });
  });

  it('goes on with the second of two parallel calls when only the first was kept', async () => {
    const first = await say(steps);
    const kept = [
      ...withResults(first),
      assistant([{ type: 'tool_use', id: 't', name: 'mcp__files__read_file', input: {} }]),
    ];
    expect((await say(steps, kept)).calls).toMatchObject([{ name: 'Write' }]);
  });

  it('goes on with another simulator, which has seen nothing of it', async () => {
    const first = await say(steps);
    const other = await startSimulator();
    const answer = await ask(other.url, { tools: TOOLS, messages: [scripted(steps), ...withResults(first)] });
    expect(answer.calls).toHaveLength(2);
    await other.close();
  });

  it('is followed by the default reply when nothing is left to say', async () => {
    const short = [{ text: 'before' }, { tool: 'Bash', input: {} }];
    const first = await say(short);
    expect((await say(short, withResults(first))).texts).toEqual(['Simulated reply 1: please']);
  });

  it('says which tools are offered when it is not', async () => {
    const answer = await say([{ tool: 'Fly' }, { tool: 'Bash', input: {} }]);
    expect(answer.texts[0]).toContain('Fly');
    expect(answer.texts[0]).toContain('Bash, Write, mcp__files__read_file');
    expect(answer.calls).toMatchObject([{ name: 'Bash' }]);
    expect((await say([{ tool: 'Fly' }, { tool: 'Bash', input: {} }], withResults(answer))).texts).toHaveLength(1);
  });
});

describe('time', () => {
  it('waits, streamed or not', async () => {
    for (const stream of [true, false]) {
      const start = performance.now();
      expect((await say([{ text: 'a' }, { wait_ms: 60 }, { text: 'b' }], [], { stream })).texts).toEqual(['a', 'b']);
      expect(performance.now() - start).toBeGreaterThan(55);
    }
  });

  it('paces the texts behind it, in later responses too', async () => {
    const steps = [{ tokens_per_second: 100 }, { text: 'x'.repeat(40) }, { tool: 'Bash' }, { text: 'y'.repeat(40) }];
    let more: object[] = [];
    for (const text of ['x', 'y']) {
      const start = performance.now();
      const answer = await say(steps, more);
      expect(performance.now() - start).toBeGreaterThan(95);
      expect(answer.texts).toEqual([text.repeat(40)]);
      expect(answer.events.filter((name) => name === 'content_block_delta').length).toBeGreaterThanOrEqual(5);
      more = withResults(answer);
    }
  });
});

describe('error', () => {
  it.each([429, 500, 529] as const)('answers %i as often as it says, then goes on', async (error) => {
    const steps = [{ text: 'a' }, { error, times: 2, retry_after: 7 }, { text: `b${error}` }];
    for (const stream of [true, false]) {
      const answer = await say(steps, [], { stream });
      expect(answer.status).toBe(error);
      expect(answer.headers.get('retry-after')).toBe('7');
      const type = { 429: 'rate_limit_error', 500: 'api_error', 529: 'overloaded_error' }[error];
      expect(answer.error?.type).toBe(type);
    }
    expect((await say(steps)).texts).toEqual(['a', `b${error}`]);
    // The conversation came through: asked again from the start, it meets its errors again.
    expect((await say(steps)).status).toBe(error);
  });

  it('is counted for each session on its own', async () => {
    const steps = [{ error: 500 }, { text: 'session' }];
    const as = (session: string) => say(steps, [], { metadata: { user_id: JSON.stringify({ session_id: session }) } });
    expect([(await as('a')).status, (await as('b')).status, (await as('a')).status]).toEqual([500, 500, 200]);
  });

  it('comes in the middle of a stream', async () => {
    const steps = [{ error: 529, mid_stream: true }, { text: 'abcdefgh' }];
    const answer = await say(steps);
    expect(answer).toMatchObject({ status: 200, texts: ['abcd'], cut: false, error: { type: 'overloaded_error' } });
    expect(answer.events.at(-1)).toBe('error');
    expect((await say(steps)).texts).toEqual(['abcdefgh']);
  });
});

describe('drop', () => {
  it('cuts the connection in the middle of what follows, once', async () => {
    const steps = [{ drop: true }, { text: 'abcdefgh' }];
    expect(await say(steps)).toMatchObject({ texts: ['abcd'], cut: true });
    expect(await say(steps)).toMatchObject({ texts: ['abcdefgh'], cut: false });
  });

  it('cuts behind what was said, as often as it says', async () => {
    const steps = [{ text: 'said' }, { drop: true, times: 2 }, { text: 'unsaid' }];
    for (const _ of [1, 2]) expect(await say(steps)).toMatchObject({ texts: ['said'], cut: true });
    expect((await say(steps)).texts).toEqual(['said', 'unsaid']);
  });

  it('goes on where it was cut when the harness kept the text', async () => {
    const steps = [{ text: 'said. ' }, { drop: true }, { text: 'unsaid' }, { tool: 'Bash', input: {} }];
    const kept = [assistant('said.'), user('Your response above was cut off mid-stream. Resume directly.')];
    expect(await say(steps)).toMatchObject({ cut: true });
    expect(await say(steps, kept)).toMatchObject({ texts: [' ', 'unsaid'], calls: [{ name: 'Bash' }], cut: false });
  });

  it('cuts a tool call in the middle of its input', async () => {
    const steps = [{ drop: true }, { tool: 'Bash', input: { command: 'ls' } }];
    expect(await say(steps)).toMatchObject({ calls: [{ name: 'Bash', input: '{"comman' }], cut: true });
    expect(await say(steps)).toMatchObject({ calls: [{ input: { command: 'ls' } }], cut: false });
  });

  it('leaves nothing of an answer that is not streamed', async () => {
    const body = { stream: false, messages: [scripted([{ drop: true }], 'whole')] };
    await expect(ask(url, body)).rejects.toThrow();
    expect((await ask(url, body)).texts).toEqual(['Simulated reply 1: whole']);
  });
});

describe('stall', () => {
  it('keeps the stream open and silent until the client goes away, once', async () => {
    const body = { messages: [scripted([{ text: 'said' }, { stall: true }, { text: 'unsaid' }])] };
    const answer = await ask(url, body, { signal: AbortSignal.timeout(300) });
    expect(answer).toMatchObject({ texts: ['said'], stopReason: null, cut: true });
    expect((await ask(url, body)).texts).toEqual(['said', 'unsaid']);
  });
});

describe('a script that is wrong', () => {
  it.each([
    ['[{"text":}]', 'not valid JSON'],
    ['{"text":"x"}', 'must be a JSON array'],
    ['[{"text":"a"},{"sing":"b"}]', 'step 2 ({"sing":"b"}): a step must have exactly one of'],
    ['[{"text":"a","wait_ms":1}]', 'exactly one of'],
    ['[{"text":1}]', '"text" must be a string'],
    ['[{"text":"a","times":2}]', '"times" does not belong to a "text" step'],
    ['[{"wait_ms":-1}]', '"wait_ms" must be'],
    ['[{"tool":"Bash","input":[]}]', '"input" must be an object'],
    ['[{"error":418}]', '"error" must be one of 429, 500, 529'],
    ['[{"error":500,"times":0}]', '"times" must be'],
    ['[{"stall":false}]', '"stall" must be true'],
    ['[{"tokens_per_second":0}]', '"tokens_per_second" must be'],
    [`[${'{"text":"a"},'.repeat(1000)}{"text":"a"}]`, 'more than 1000 steps'],
  ])('is answered with what is wrong: %s', async (json, problem) => {
    const answer = await ask(url, { messages: [user(`\`\`\`simulate\n${json}\n\`\`\``)] });
    expect(answer).toMatchObject({ status: 200, stopReason: 'end_turn' });
    expect(answer.texts.join('')).toContain(problem);
  });
});
