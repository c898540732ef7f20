import { expect, it } from 'vitest';
import type { BegunTool } from '../harness.ts';
import { messageUuid } from './message-uuid.ts';
import { planResume } from './resume-plan.ts';

const turn = {
  id: 'turn_1',
  inputId: 'sevt_1',
  input: { id: 'sevt_1', type: 'user.message', content: [] },
  firstSeq: 1,
  attempts: 2,
  startedAt: new Date(0),
  waitedMs: 0,
};
const message = { type: 'user', uuid: messageUuid('sevt_1'), message: { content: 'do it' } };
const says = (text: string, stop: string | null) => ({
  type: 'assistant',
  uuid: 'a1',
  message: { stop_reason: stop, content: [{ type: 'text', text }] },
});
const calls = {
  type: 'assistant',
  uuid: 'a2',
  message: { stop_reason: 'tool_use', content: [{ type: 'tool_use', id: 'toolu_1', name: 'Bash' }] },
};
const failed = {
  type: 'assistant',
  uuid: 'a3',
  isApiErrorMessage: true,
  message: { stop_reason: 'stop_sequence', content: [{ type: 'text', text: 'API Error' }] },
};
const bash: BegunTool = { ref: 'toolu_1', name: 'Bash', input: { command: 'rm x' }, outcome: null };
const plan = (entries: object[], tools: BegunTool[] = [], cause: string | null = null) =>
  planResume(
    entries.map((entry) => JSON.stringify(entry)),
    { turn, tools, cause },
  );

it('sends a message that the transcript does not know', () => {
  expect(plan([])).toEqual({ do: 'send', note: null });
  expect(plan([says('an older answer', 'end_turn')])).toEqual({ do: 'send', note: null });
});

it('goes on with a turn that was cut off', () => {
  expect(plan([message])).toEqual({ do: 'continue' });
  expect(plan([message, calls], [bash])).toEqual({ do: 'continue' });
  expect(plan([message, says('half', null)])).toEqual({ do: 'continue' });
});

it('asks to go on what has gone on by itself before', () => {
  const again = planResume([JSON.stringify(message)], {
    turn: { ...turn, attempts: 3 },
    tools: [],
    cause: null,
  });
  expect(again).toEqual({ do: 'prompt', note: null });
});

it('does not take an error of the model for an answer', () => {
  expect(plan([message, failed])).toEqual({ do: 'continue' });
});

it('ends a turn whose last answer is in the transcript', () => {
  expect(plan([message, says('done', 'end_turn')])).toEqual({ do: 'complete', response: 'done' });
});

it('tells the model of a call that the transcript has lost', () => {
  for (const found of [plan([message], [bash]), plan([], [bash])]) {
    expect(found).toMatchObject({ note: expect.stringContaining('- Bash {"command":"rm x"}') });
  }
  expect(plan([message], [bash]).do).toBe('prompt');
});

it('tells the model what calls have said that the transcript has lost, and only those', () => {
  const later = { ...bash, ref: 'toolu_2', input: { command: 'rm y' }, outcome: 'removed y' };
  const asked = plan([message, calls], [{ ...bash, outcome: 'removed x' }, later]);
  expect(asked).toMatchObject({ do: 'prompt', note: expect.stringContaining('Bash {"command":"rm y"}\n  removed y') });
  expect(asked).not.toMatchObject({ note: expect.stringContaining('rm x') });
  // Calls of a subagent stand in a transcript of their own.
  const inner = { ...bash, ref: 'toolu_0', outcome: 'inside' };
  expect(plan([message, calls], [inner, bash])).toEqual({ do: 'continue' });
});

it('tells of the newest calls when there are too many', () => {
  const many = Array.from({ length: 60 }, (_, n) => ({ ...bash, ref: `toolu_${n}`, input: { n } }));
  const { note } = plan([message], many) as { note: string };
  expect(note.match(/^- Bash/gm)).toHaveLength(50);
  expect(note).toContain('- Bash {"n":59}');
  expect(note).toContain('10 calls before these are not shown.');
});

it('gives an input the same uuid every time, and a valid one', () => {
  expect(messageUuid('sevt_1')).toBe(messageUuid('sevt_1'));
  expect(messageUuid('sevt_1')).not.toBe(messageUuid('sevt_2'));
  expect(messageUuid('sevt_1')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('tells the model why it was ended, and of the calls that led there although the transcript knows them', () => {
  const asked = plan([message, calls], [bash], 'Its files take 70 MB.');
  expect(asked).toMatchObject({ do: 'prompt', note: expect.stringContaining('Its files take 70 MB.') });
  expect(asked).toMatchObject({ note: expect.stringContaining('Bash {"command":"rm x"}') });
  expect(plan([], [], 'Too much.')).toMatchObject({ do: 'send', note: expect.stringContaining('Too much.') });
});
