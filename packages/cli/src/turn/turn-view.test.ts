import type { TurnEvent } from '@aaas/client/messages/message';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TurnView } from './turn-view.ts';

let output = '';
beforeEach(() => {
  output = '';
  vi.stubEnv('NO_COLOR', '1');
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function show(events: object[], margin = ''): string {
  const view = new TurnView(margin);
  for (const event of events) view.show(event as TurnEvent);
  view.endLine();
  const shown = output;
  output = '';
  return shown;
}

const delta = (id: string, text: string) => ({ type: 'event_delta', event_id: id, delta: { content: { text } } });
const message = (id: string, text: string) => ({ type: 'agent.message', id, content: [{ type: 'text', text }] });
const use = (id: string, name: string, input: object) => ({ type: 'agent.tool_use', id, name, input });
const result = (id: string, text: string) => ({
  type: 'agent.tool_result',
  tool_use_id: id,
  content: [{ type: 'text', text }],
  is_error: false,
});

test('text is shown once, whether it was seen live, partly live or not at all', () => {
  expect(show([delta('a', 'Hel'), delta('a', 'lo'), message('a', 'Hello')])).toBe('Hello\n');
  expect(show([delta('a', 'Hel'), message('a', 'Hello')])).toBe('Hello\n');
  expect(show([message('a', 'Hello')])).toBe('Hello\n');
  expect(show([delta('a', 'One'), delta('b', 'Two'), message('a', 'One'), message('b', 'Two')])).toBe('One\nTwo\n');
});

test('text whose middle was lost is shown once more as a whole', () => {
  expect(show([delta('a', 'Hel'), delta('a', 'world'), message('a', 'Hello world')])).toBe('Helworld\nHello world\n');
});

test('live text does not stand above the result that it follows from', () => {
  const events = [use('t', 'Bash', { command: 'ls' }), delta('a', 'Two'), result('t', 'x\ny'), delta('a', ' files')];
  expect(show([...events, message('a', 'Two files')])).toBe('⏺ Bash  ls\n  ⎿ x\n    y\nTwo files\n');
});

test('results of tools that run at once say whose they are', () => {
  const uses = [use('1', 'Read', { file_path: '/d/sessions/sesn_1/work/a.ts' }), use('2', 'Grep', { pattern: 'x' })];
  expect(show([...uses, result('2', 'none'), result('1', 'text')])).toBe(
    '⏺ Read  a.ts\n⏺ Grep  x\n  ⎿ Grep: none\n  ⎿ text\n',
  );
});

test('what was begun by a process that was lost is not finished by the next one', () => {
  const lost = { type: 'x.lifecycle', to: 'recovering' };
  expect(show([delta('a', 'Beg'), lost, delta('b', 'Begun'), message('b', 'Begun')])).toBe(
    'Beg\n… its process was lost; another one goes on\nBegun\n',
  );
});

test('what an agent writes cannot move the cursor', () => {
  expect(show([message('a', 'a\x1b[2Jb\rc\x07')])).toBe('abc\n');
  expect(show([use('t', 'Bash', { command: 'printf "\x1b[31m"\nls' })])).toBe('⏺ Bash  printf "" ls\n');
});

test('every line has the margin', () => {
  expect(show([delta('a', 'one\ntw'), delta('a', 'o\n'), message('a', 'one\ntwo\n')], '  ')).toBe('  one\n  two\n');
});
