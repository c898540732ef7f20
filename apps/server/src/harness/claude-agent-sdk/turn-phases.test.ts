import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import { expect, it } from 'vitest';
import { TurnPhases } from './turn-phases.ts';

const message = (fields: Record<string, unknown>) => fields as unknown as SDKMessage;
const streamed = (type: string) => message({ type: 'stream_event', event: { type }, parent_tool_use_id: null });
const calls = (...ids: string[]) =>
  message({
    type: 'assistant',
    parent_tool_use_id: null,
    message: { content: ids.map((id) => ({ type: 'tool_use', id })) },
  });
const result = (id: string) =>
  message({ type: 'user', parent_tool_use_id: null, message: { content: [{ type: 'tool_result', tool_use_id: id }] } });

it('knows what a turn waits for', () => {
  const phases = new TurnPhases();
  phases.begin();
  const after = (next: SDKMessage) => {
    const { beat } = phases.progress();
    phases.onMessage(next);
    expect(phases.progress().beat).toBeGreaterThan(beat);
    return phases.progress().phase;
  };
  expect(phases.progress().phase).toBe('model');
  expect(after(message({ type: 'system', subtype: 'status', status: 'requesting' }))).toBe('model');
  expect(after(streamed('message_start'))).toBe('stream');
  expect(after(calls('a', 'b'))).toBe('stream');
  expect(after(streamed('message_delta'))).toBe('stream');
  expect(after(streamed('message_stop'))).toBe('tool');
  // What a subagent says is a sign of life and nothing else.
  expect(after(message({ type: 'stream_event', event: { type: 'message_start' }, parent_tool_use_id: 'a' }))).toBe(
    'tool',
  );
  expect(after(result('a'))).toBe('tool');
  const answered = phases.ask();
  expect(phases.progress().phase).toBe('approval');
  answered();
  answered();
  expect(phases.progress().phase).toBe('tool');
  expect(after(message({ type: 'system', subtype: 'session_state_changed', state: 'requires_action' }))).toBe(
    'approval',
  );
  expect(after(message({ type: 'system', subtype: 'session_state_changed', state: 'running' }))).toBe('tool');
  expect(after(result('b'))).toBe('model');
});
