import { expect, it } from 'vitest';
import { adoptEntry } from './adopt-entry.ts';

it('moves an entry to another session, but for what a model has signed', () => {
  const from = '/data/sessions/sesn_old';
  const to = '/elsewhere/sessions/sesn_new';
  const thinking = { type: 'thinking', thinking: `look into ${from}/work`, signature: 'of the model' };
  const entry = (directory: string, sessionId: string) => ({
    type: 'assistant',
    sessionId,
    cwd: `${directory}/work`,
    message: {
      content: [thinking, { type: 'tool_use', input: { file_path: `${directory}/work/a`, nothing: null, count: 1 } }],
    },
  });
  const adoption = { sessionId: { from: 'old', to: 'new' }, directory: { from, to } };
  expect(adoptEntry(entry(from, 'old'), adoption)).toEqual(entry(to, 'new'));
  expect(adoptEntry(entry(from, 'another'), { ...adoption, directory: null })).toEqual(entry(from, 'another'));
});
