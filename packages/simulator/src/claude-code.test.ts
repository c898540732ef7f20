import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from './start-simulator.ts';
import { Home } from './testing/claude-code.ts';
import { scripted } from './testing/conversation.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

const script = (steps: unknown) => scripted(steps).content;
const isContentDelta = (message: SDKMessage) =>
  message.type === 'stream_event' && message.event.type === 'content_block_delta';

// An older model gets its environment as reminders in the user's message, a newer one as `role: "system"` entries.
describe.concurrent.each(['claude-sonnet-4-5', 'claude-opus-5-5'])('the real Claude Code with %s', (model) => {
  it('is counted over turns, tools, an interrupt, a failed turn and a resume', async ({ onTestFinished }) => {
    const home = new Home();
    onTestFinished(() => home.remove());
    const file = join(home.work, 'note.txt');
    const first = home.open({ url: simulator.url, model });
    expect(await first.turn('hello')).toMatchObject({ subtype: 'success', result: 'Simulated reply 1: hello' });

    const write = { tool: 'write', input: { file_path: file, content: 'simulated' } };
    const bash = { tool: 'bash', input: { command: `cat ${file}` } };
    const used = await first.turn(script([{ text: 'Writing.' }, write, bash, { text: 'n={{n}}: {{tool_result}}' }]));
    expect(used).toMatchObject({ subtype: 'success', result: 'n=2: simulated', num_turns: 3 });
    expect(readFileSync(file, 'utf8')).toBe('simulated');

    const before = first.messages.length;
    first.send(script([{ text: 'Starting.' }, { stall: true }]));
    await first.until(isContentDelta, before);
    await first.interrupt();
    await first.until((message) => message.type === 'result', before);
    expect(await first.turn('after the interrupt')).toMatchObject({ result: 'Simulated reply 4: after the interrupt' });

    expect(await first.turn(script([{ error: 529 }]))).toMatchObject({ is_error: true, api_error_status: 529 });
    expect(await first.turn('after the error')).toMatchObject({ result: 'Simulated reply 6: after the error' });
    const resume = first.messages.find((message) => message.type === 'result')?.session_id ?? '';
    await first.close();

    const second = home.open({ url: simulator.url, model, resume });
    expect(await second.turn('do you remember?')).toMatchObject({ result: 'Simulated reply 7: do you remember?' });
    expect(await second.turn('/compact')).toMatchObject({ is_error: false });
    expect(await second.turn('and now?')).toMatchObject({ result: 'Simulated reply 1: and now?' });
    await second.close();
  }, 30_000);

  it('comes through every fault by its own retries', async ({ onTestFinished }) => {
    const home = new Home();
    onTestFinished(() => home.remove());
    const env = { CLAUDE_CODE_MAX_RETRIES: '3' };
    const agent = home.open({ url: simulator.url, model, env });
    const text = 'a text that is long enough to be cut';
    for (const fault of [{ error: 529 }, { error: 500, mid_stream: true }, { drop: true }]) {
      expect(await agent.turn(script([fault, { text }]))).toMatchObject({ is_error: false, result: text });
    }
    await agent.close();
  }, 30_000);

  it('goes on with a script after the process was killed', async ({ onTestFinished }) => {
    const home = new Home();
    onTestFinished(() => home.remove());
    const file = join(home.work, 'lines.txt');
    const first = home.open({ url: simulator.url, model });
    const append = { tool: 'bash', input: { command: `echo line >> ${file}` } };
    first.send(script([append, { text: 'Waiting. ' }, { stall: true }, { text: 'n={{n}}' }]));
    const waiting = (await first.until(isContentDelta)).session_id ?? '';
    await first.until((message) => message.type === 'assistant' && JSON.stringify(message).includes('Waiting.'));
    await first.kill();

    const env = { CLAUDE_CODE_RESUME_INTERRUPTED_TURN: '1', CLAUDE_CODE_RESUME_SHOWS_CUT_OFF_CALLS: '1' };
    const second = home.open({ url: simulator.url, model, resume: waiting, env });
    expect(await second.until((message) => message.type === 'result')).toMatchObject({ result: 'n=1' });
    expect(readFileSync(file, 'utf8')).toBe('line\n');
    await second.close();
  }, 30_000);
});
