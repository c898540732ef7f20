import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployAgent } from '../support/deployed-agent.ts';
import { listEvents, officialClient, readUntil, type StreamedEvent, userMessage } from '../support/managed-client.ts';
import { type Platform, script } from '../support/platform.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let platform: Platform;
let client: Anthropic;
beforeAll(async () => {
  platform = await startTestPlatform();
  client = officialClient(platform);
});
afterAll(() => platform?.dispose());

/** The calls that an idle session waits for; null: it is no such event. */
function waitsFor(event: StreamedEvent | undefined): string[] | null {
  if (event?.type !== 'session.status_idle' || event.stop_reason.type !== 'requires_action') return null;
  return event.stop_reason.event_ids;
}

const isEnd = (event: StreamedEvent) => event.type === 'session.status_idle' && waitsFor(event) === null;

it('asks with requires_action, and goes on with user.tool_confirmation', async () => {
  const agent = await deployAgent(platform, { permission_mode: 'default' });
  const { events } = client.beta.sessions;
  const command = (text: string) => ({ tool: 'Bash', input: { command: `echo ${text} >> out.txt` } });
  const stream = await events.stream(agent.sessionId);
  const message = script([command('one'), { ...command('two'), parallel: true }, { text: 'done' }]);
  await events.send(agent.sessionId, { events: [userMessage(message)] });
  const asked = await readUntil(stream, (event) => waitsFor(event)?.length === 2);
  const ids = waitsFor(asked.at(-1)) ?? [];
  const uses = asked.filter((event) => event.type === 'agent.tool_use');
  expect(uses.map(({ id, name, evaluated_permission }) => [id, name, evaluated_permission])).toEqual(
    ids.map((id) => [id, 'bash', 'ask']),
  );
  expect(await client.beta.sessions.retrieve(agent.sessionId)).toMatchObject({ status: 'idle' });

  const rest = await events.stream(agent.sessionId);
  const [one, two] = ids as [string, string];
  const confirm = (tool_use_id: string, result: 'allow' | 'deny', more = {}) =>
    events.send(agent.sessionId, {
      events: [{ type: 'user.tool_confirmation', tool_use_id, result, ...more }],
    });
  const sent = await confirm(one, 'allow');
  expect(sent.data).toMatchObject([{ type: 'user.tool_confirmation', tool_use_id: one, result: 'allow' }]);
  // What an SDK repeats is the first one; another answer is refused at once.
  expect((await confirm(one, 'allow')).data?.[0]?.id).toBe(sent.data?.[0]?.id);
  await expect(confirm(one, 'deny')).rejects.toBeInstanceOf(Anthropic.ConflictError);
  await expect(confirm('sevt_nobody', 'allow')).rejects.toThrow(/events\[0\]\.tool_use_id/);
  await expect(confirm(two, 'allow', { deny_message: 'x' })).rejects.toBeInstanceOf(Anthropic.BadRequestError);
  await confirm(two, 'deny', { deny_message: 'one is enough' });

  const seen = await readUntil(rest, isEnd);
  expect(seen.flatMap((event) => (waitsFor(event) ? [waitsFor(event)] : []))).toEqual([[two]]);
  const all = await listEvents(client, agent.sessionId);
  const ofType = (type: string) => all.filter((event) => event.type === type) as unknown as Record<string, unknown>[];
  expect(ofType('user.tool_confirmation')).toMatchObject([
    { id: sent.data?.[0]?.id, tool_use_id: one, result: 'allow' },
    { tool_use_id: two, result: 'deny', deny_message: 'one is enough' },
  ]);
  expect(ofType('agent.tool_result')).toMatchObject([
    { tool_use_id: one, is_error: false },
    { tool_use_id: two, is_error: true },
  ]);
  expect(ofType('session.status_idle').at(-1)).toMatchObject({ stop_reason: { type: 'end_turn' } });
});
