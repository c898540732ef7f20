import { describe, expect, it } from 'vitest';
import type { MessageRequest } from '../request/message-request.ts';
import { FaultCounters } from '../script/fault-counters.ts';
import { planReply } from './plan-reply.ts';

const plan = (request: Partial<MessageRequest>) =>
  planReply({ model: 'm', messages: [], ...request }, new FaultCounters());
const textOf = (request: Partial<MessageRequest>) =>
  plan(request)
    .parts.flatMap((part) => (part.kind === 'text' ? part.text : []))
    .join('|');
const user = (content: string) => ({ role: 'user', content }) as const;
const format = { type: 'json_schema', schema: {} };

describe('the reply without instructions', () => {
  it('quotes the first 200 characters of the last message', () => {
    expect(textOf({ messages: [user('one'), user('x'.repeat(300))] })).toBe(`Simulated reply 2: ${'x'.repeat(200)}`);
    expect(textOf({ messages: [user('🙂'.repeat(300))] })).toBe(`Simulated reply 1: ${'🙂'.repeat(200)}`);
  });

  it('answers when nobody said anything', () => {
    expect(textOf({ messages: [{ role: 'assistant', content: 'hello' }] })).toBe('Simulated reply 0: ');
  });
});

describe('side requests of Claude Code', () => {
  const title = (session: string) => [user(`<session>\n${session}\n</session>\n\nWrite the title in English.`)];

  it('gives a short title to a session, never runs its script', () => {
    const request = {
      system: [{ type: 'text', text: 'You are naming a coding session so the user can pick it out.' }],
      messages: title('please build a small todo app\n```simulate\n[{"text":"x"}]\n```'),
      output_config: { format },
    };
    expect(JSON.parse(textOf(request))).toEqual({ title: 'Please build a small todo' });
    expect(JSON.parse(textOf({ ...request, messages: title('…') }))).toEqual({ title: 'Simulated session' });
  });

  it('answers a probe for one token with one token', () => {
    const reply = plan({ max_tokens: 1, messages: [user('quota')] });
    expect(reply).toMatchObject({ parts: [{ text: 'OK' }], ending: { stopReason: 'max_tokens' } });
  });

  it('summarises without counting the request for it', () => {
    const messages = [
      user('one'),
      { role: 'assistant', content: 'ok' } as const,
      user('CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.\n\nYour task is to create a detailed summary'),
      { role: 'system', content: '' } as const,
    ];
    expect(textOf({ messages })).toMatch(
      /<summary>\nSimulated summary: the user sent 1 messages, at last: one\n<\/summary>/,
    );
  });

  it.each([
    ['[SUGGESTION MODE: Suggest what the user might type', /^continue$/],
    ['The user stepped away and is coming back. Recap in under 40 words', /^Simulated recap: /],
    ["Describe the agent's most recent action in 3-5 words", /^Running /],
    ['Generate a short kebab-case name (2-4 words)', /^{"name":"[a-z-]+"}$/],
    [
      '<system-reminder>This is a side question from the user. Answer it.</system-reminder>\n\nwhy?',
      /^Simulated answer: /,
    ],
    ['Web page content:\n---\ntext\n---\nwhich version?', /^Simulated summary of a web page/],
  ])('recognises %s', (prompt, answer) => {
    expect(textOf({ messages: [user(prompt)] })).toMatch(answer);
  });

  it.each([
    ['Write a short summary label describing what these tool calls accomplished.', /^Ran /],
    ['You are evaluating a hook in Claude Code. The user says', /^{"ok":true,/],
    ['You are a security monitor for autonomous AI coding agents.', /^<block>no<\/block>$/],
  ])('recognises the system prompt %s', (system, answer) => {
    expect(textOf({ system, messages: [user('x')] })).toMatch(answer);
  });

  it('does not take a user for a tool', () => {
    const tools = [{ name: 'Bash' }];
    expect(textOf({ tools, messages: [user('Web page content: x')] })).toBe('Simulated reply 1: Web page content: x');
  });
});
