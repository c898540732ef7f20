import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Platform, script, startPlatform, until } from '../support/platform.ts';

const TURNS = 40;
const KILLS = 20;
const UP_FOR_AT_MOST_MS = 2_500;

/** A quick answer, one that is long in coming, one that needs a tool: a kill meets each of them. */
function messageOf(turn: number): string {
  const text = `message ${turn}`;
  if (turn % 3 === 0) return text;
  if (turn % 3 === 1) return script([{ wait_ms: 500 }], text);
  return script([{ text: 'Let me see.' }, { tool: 'Bash', input: { command: `sleep 0.5; echo ${turn}` } }], text);
}

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.dispose());

it(`answers each of ${TURNS} messages once and in order while the server is killed ${KILLS} times`, {
  timeout: 300_000,
}, async () => {
  const agent = await platform.deploy();
  const path = `/api/v1/agents/${agent}`;
  let killing = true;

  const kills = (async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(Math.random() * UP_FOR_AT_MOST_MS);
      await platform.crash();
      await platform.start();
    }
    killing = false;
  })();

  const talk = (async () => {
    for (let turn = 1; turn <= TURNS; turn++) {
      // A client that retries with its key until it holds an answer.
      for (;;) {
        const response = await platform
          .request('POST', `${path}/messages`, { message: messageOf(turn) }, { 'idempotency-key': `turn-${turn}` })
          .catch(() => null);
        if (response?.status === 200) {
          const answer = ((await response.json().catch(() => null)) as { response?: string } | null)?.response;
          if (answer !== undefined) expect(answer.trim()).toBe(`Simulated reply ${turn}: message ${turn}`);
          break;
        }
        expect([undefined, 202, 503]).toContain(response?.status);
        await sleep(50);
      }
      // Spread the conversation over the kills.
      if (killing) await sleep(Math.random() * 800);
    }
  })();

  await Promise.all([kills, talk]);
  await until(async () => (await platform.json('GET', path)).status === 'idle', 30_000);

  const messages = (await platform.json('GET', `${path}/messages?limit=100`)).data as {
    message: string;
    response: string;
    state: string;
  }[];
  expect(messages.map(({ message, response, state }) => [message, response?.trim(), state])).toEqual(
    Array.from({ length: TURNS }, (_, index) => [
      messageOf(index + 1),
      `Simulated reply ${index + 1}: message ${index + 1}`,
      'completed',
    ]),
  );
  const log = (await platform.json('GET', `${path}/events?limit=1000`)).data as {
    seq: number;
    id: string;
    type: string;
    turn_id: string;
    tool_use_id?: string;
  }[];
  expect(log.map((event) => event.seq)).toEqual(log.map((_, index) => index + 1));
  expect(new Set(log.map((event) => event.id)).size).toBe(log.length);
  expect(log.filter((event) => event.type === 'session.status_idle').length).toBe(TURNS);
  expect(log.filter((event) => event.type === 'user.message').length).toBe(TURNS);
  const uses = log.filter((event) => event.type === 'agent.tool_use').map((event) => event.id);
  const results = log.filter((event) => event.type === 'agent.tool_result').map((event) => event.tool_use_id);
  expect(results.toSorted()).toEqual(uses.toSorted());
});
