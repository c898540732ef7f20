import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script } from '../support/platform.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { collectFrames } from '../support/sse.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let upstream: RecordingUpstream;
let platform: Platform;
beforeAll(async () => {
  upstream = await startRecordingUpstream();
  platform = await startTestPlatform({ ANTHROPIC_BASE_URL: upstream.url, ANTHROPIC_API_KEY: 'sk-ant-any' });
});
afterAll(async () => {
  // Not gently: an agent that cannot end its turn would hold the server back.
  await platform?.crash();
  await platform?.dispose();
  await upstream?.close();
});

const ENDS_WITHIN_MS = 8_000;

/** The turn has an end, and the agent has another turn in it. */
async function goesOn(agent: DeployedAgent, turn: string) {
  const ended = await agent.ended(turn, ENDS_WITHIN_MS);
  expect((await agent.say('go on')).response).toMatch(/go on$/);
  return ended;
}

// A tool may print anything, and a database holds no NUL and no half characters.
it.each([
  ['NUL', "printf 'a\\000b'"],
  ['bytes that are no text', "printf 'a\\377\\376b'"],
  ['half a character', "printf 'a\\355\\240\\200b'"],
  ['colours and control characters', "printf '\\033[31mred\\033[0m\\001\\b'"],
])('ends a turn whose answer holds %s', async (name, command) => {
  const agent = await deployAgent(platform);
  const turn = await agent.begin(
    script([{ tool: 'Bash', input: { command } }, { text: 'It is {{tool_result}}.' }], name),
  );
  const ended = await goesOn(agent, turn);
  expect(ended).toMatchObject({ state: 'completed', response: expect.stringMatching(/^It is .*\.$/s) });
});

it.each([
  ['NUL', 'nothing \u0000 here'],
  ['half a character', 'half \ud800 here'],
])('ends a turn whose provider fails with %s in its words', async (name, message) => {
  const agent = await deployAgent(platform);
  upstream.refuse(`fail with ${name}`, 402, () => ({
    type: 'error',
    error: { type: 'billing_error', message },
  }));
  const turn = await agent.begin(`fail with ${name}`);
  await agent.ended(turn, ENDS_WITHIN_MS);
  // The next request holds the words of the failed one as well.
  upstream.relent();
  expect(await goesOn(agent, turn)).toMatchObject({
    state: 'failed',
    error: { message: expect.stringContaining('here') },
  });
});

it('keeps every other character as it was, on all ways', async () => {
  const agent = await deployAgent(platform);
  const text = 'ünï\u2028cödé 漢字 👩‍👩‍👧 "quoted" \\ \r\n\t\u200f end';
  const frames = await collectFrames(await agent.post(script([{ text }], text), { accept: 'text/event-stream' }));
  expect(frames.at(-1)?.data.response).toBe(text);
  const [message] = (await platform.json('GET', `${agent.path}/messages`)).data;
  expect(message.message.startsWith(text)).toBe(true);
  expect(message.response).toBe(text);
  expect((await agent.log()).find((entry) => entry.type === 'agent.message')?.content).toEqual([
    { type: 'text', text },
  ]);
});

it('takes a message of a million characters, and no more', async () => {
  const agent = await deployAgent(platform);
  const message = `long ${'x'.repeat(999_995)}`;
  expect((await agent.say(message)).response).toBe(`Simulated reply 1: ${message.slice(0, 200)}`);
  expect((await agent.post(`${message}x`)).status).toBe(422);
});
