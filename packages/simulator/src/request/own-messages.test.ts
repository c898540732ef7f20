import { expect, it } from 'vitest';
import { CONTINUATION_PROMPTS } from './continuation-prompts.ts';
import type { Message } from './message-request.ts';
import { ownMessages } from './own-messages.ts';

const reminder = (text: string) => `<system-reminder>\n${text}\n</system-reminder>`;
const text = (value: string) => ({ type: 'text', text: value });
const result = (content: string) => ({ type: 'tool_result', tool_use_id: 'toolu_1', content });
const user = (...content: (string | object)[]): Message =>
  ({ role: 'user', content: content.map((block) => (typeof block === 'string' ? text(block) : block)) }) as Message;
const assistant: Message = { role: 'assistant', content: 'ok' };
const textsOf = (messages: readonly Message[]) => ownMessages(messages).map((message) => message.text);

// The shapes of these requests were recorded from Claude Code 2.1.330.

it('counts the turns of an older model, whose reminders stand before the text', () => {
  const first = user(reminder('# Environment'), reminder('Skills'), `${reminder('Attribution')}\n`, 'one');
  const second = user(`${reminder('<total_tokens>15000000 tokens left</total_tokens>')}\n`, 'two');
  expect(textsOf([first, assistant, second])).toEqual(['one', 'two']);
});

it('counts the turns of a newer model, whose environment is a system entry', () => {
  const environment: Message = { role: 'system', content: [{ type: 'text', text: '# Environment' }] };
  const steered: Message = { role: 'system', content: 'The user sent a new message while you were working:\nhi' };
  const messages = [user('one'), environment, assistant, user(result('hi')), steered, assistant, user('two')];
  expect(textsOf(messages)).toEqual(['one', 'two']);
});

it('counts messages that got no answer each on their own', () => {
  const entries: Message[] = [user('one'), user('two')];
  expect(textsOf(entries)).toEqual(['one', 'two']);
  expect(textsOf([user('one\n', 'two\n', 'three')])).toEqual(['one', 'two', 'three']);
  expect(textsOf([user('one', reminder('tokens'), `${reminder('hook')}\n`, 'two\n')])).toEqual(['one', 'two']);
});

it('counts a message of several blocks once', () => {
  expect(textsOf([user('block A', 'block B')])).toEqual(['block A\nblock B']);
  const image = { type: 'image', source: {} };
  expect(textsOf([user(image, 'look\n', '[Image: source: /tmp/1.png]')])).toEqual(['look']);
});

it('counts what follows an interrupted tool or stream, not the note about it', () => {
  expect(textsOf([user('[Request interrupted by user]\n', 'after')])).toEqual(['after']);
  expect(textsOf([user(result('rejected'), '[Request interrupted by user for tool use]\n', 'after')])).toEqual([
    'after',
  ]);
  expect(textsOf([user('before\n', 'Continue from where you left off.')])).toEqual(['before']);
});

it('counts no tool results, no skill that a call loaded, no reminders and no empty texts', () => {
  expect(textsOf([user(result('hi')), user(result('x'), 'Tool loaded.'), user(reminder('a')), user(' ')])).toEqual([]);
  expect(textsOf([user(result('Launching skill: simplify'), '# Simplify\nDo this.')])).toEqual([]);
});

it.each([...CONTINUATION_PROMPTS.exact, ...CONTINUATION_PROMPTS.beginnings])('does not count %j', (prompt) => {
  expect(textsOf([user(prompt)])).toEqual([]);
  expect(textsOf([user(`${reminder('before')}\n${prompt}`)])).toEqual([]);
});

it('takes notes of the platform for no text of the user', () => {
  expect(textsOf([user('<platform-note>resumed</platform-note>')])).toEqual([]);
  expect(textsOf([user('<platform-note>resumed</platform-note>', 'go on')])).toEqual(['go on']);
  expect(textsOf([user(`a <platform-note>x</platform-note>b ${reminder('y')}c`)])).toEqual(['a b c']);
});

it('keeps an unclosed reminder as the text that it is', () => {
  expect(textsOf([user('what does <system-reminder> mean?')])).toEqual(['what does <system-reminder> mean?']);
});
