import { expect, it } from 'vitest';
import type { Ask } from '../../sessions/approvals/approval.ts';
import { inputHash } from '../../sessions/approvals/input-hash.ts';
import { settleAsks } from './settle-asks.ts';

const NOW = new Date(0);
const call = (id: string, uuid: string) =>
  JSON.stringify({
    type: 'assistant',
    uuid,
    sessionId: 's',
    cwd: '/w',
    message: { content: [{ type: 'tool_use', id, name: 'Bash', input: {} }] },
  });
const ask = (ref: string, state: Ask['state'], message: string | null = null): Ask => ({
  ...{ eventId: `sevt_${ref}`, ref, name: 'Bash', input: { command: ref }, inputHash: '', state, message, used: false },
});

it('answers the calls of the transcript in a chain behind its last entry', () => {
  const settled = settleAsks(
    [call('t1', 'u1'), call('t2', 'u2')],
    [ask('t1', 'allowed'), ask('t2', 'denied', 'no!')],
    NOW,
  );
  const [one, two] = settled.transcript.map(({ entry }) => JSON.parse(entry));
  expect([one.parentUuid, two.parentUuid]).toEqual(['u2', one.uuid]);
  expect([one.sourceToolAssistantUUID, one.cwd, one.message.content[0].tool_use_id]).toEqual(['u1', '/w', 't1']);
  expect(one.message.content[0].content).toContain('Make exactly the same call again');
  expect(two.message.content[0].content).toContain('They said: no!');
  // An allowed call gets its result when it runs; a denied one has it now.
  expect(settled.events.map((event) => event.body.tool_use_id)).toEqual(['sevt_t2']);
  expect(settled.note).toBe(null);
});

it('says nothing twice, and in a note what the transcript does not know', () => {
  const first = settleAsks([call('t1', 'u1')], [ask('t1', 'allowed')], NOW);
  const transcript = [call('t1', 'u1'), ...first.transcript.map(({ entry }) => entry)];
  const again = settleAsks(transcript, [ask('t1', 'allowed'), ask('lost', 'allowed')], NOW);
  expect(again.transcript).toEqual([]);
  expect(again.note).toMatch(/Bash \{"command":"lost"\}: Approved by a person/);
});

it('knows an input again, in whatever order its keys come, and no other', () => {
  expect(inputHash({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(inputHash({ b: [{ d: 3, c: 2 }], a: 1 }));
  expect(inputHash({ a: 1 })).not.toBe(inputHash({ a: '1' }));
  expect(inputHash({ a: [1, 2] })).not.toBe(inputHash({ a: [2, 1] }));
});
