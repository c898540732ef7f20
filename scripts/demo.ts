// The demo: an agent works, its server is killed, and it goes on where it was. Run by `npm run demo`; needs no key.

import { type Client, createClient } from '@aaas/client/create-client';
import type { TurnEndedEvent } from '@aaas/client/messages/message';
import { duration } from '../packages/cli/src/output/figures.ts';
import { style } from '../packages/cli/src/output/style.ts';
import { summariseTurn } from '../packages/cli/src/turn/summarise-turn.ts';
import { TurnView } from '../packages/cli/src/turn/turn-view.ts';
import { DemoPlatform } from './demo-platform.ts';
import { type Prompt, RECALL, toMessage, WORK } from './demo-prompts.ts';

const MARGIN = '   ';
const times: [what: string, ms: number][] = [];
const platform = new DemoPlatform();
let ending: Promise<never> | null = null;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(130));
// Whoever reads us may go away; what we have started must still be stopped.
process.stdout.on('error', () => {});

try {
  await demo();
  await end(0);
} catch (error) {
  // A signal has stopped the server under us: that is no failure.
  if (!ending) {
    say(`\n${style('red', '✗')} ${error instanceof Error ? error.message : error}`);
    const tail = platform.outputTail();
    if (tail !== '') say(style('dim', `The last that the server said:\n${tail}`));
  }
  await end(1);
}

async function demo(): Promise<void> {
  say(style('bold', 'AaaS demo: an agent that outlives its server'));

  step(1, 'Start a platform: free port, embedded database, temporary directory');
  await timed('started', () => platform.start());
  let client = connect();
  const { simulated } = await client.health();
  done(`${platform.url}, process ${platform.pid}, ready after ${last()}`);
  if (simulated) warn('The model is SIMULATED (no ANTHROPIC_API_KEY); agent, tools, crash are real.');
  else warn('The model is real: what it costs stands below its answers.');

  step(2, 'Deploy an agent and give it work');
  const { agent_id: agentId } = await client.agents.create({ agent_type: 'code', name: 'demo' });
  await timed('answered', () => converse(client, agentId, WORK, simulated));
  const { pid: agentPid } = await client.agents.get(agentId);

  step(3, 'Kill the server with SIGKILL: it gets no time to tidy up');
  const serverPid = platform.pid;
  await timed('gone', () => platform.kill(agentPid));
  done(`gone after ${last()}: the server (${serverPid}) and the process of its agent (${agentPid})`);

  step(4, 'Start it again on the same directory; ask the agent what it remembers');
  await timed('back', () => platform.start());
  client = connect();
  done(`${platform.url}, process ${platform.pid}, ready after ${last()}`);
  const end = await timed('answered', () => converse(client, agentId, RECALL, simulated));
  const count = end.metadata.messages_count;
  if (count !== 2) throw new Error(`The agent has answered ${count} messages, not 2: the conversation was lost.`);

  say(
    `\n${style('green', '✓')} ${style('bold', 'The agent went on: same conversation, same directory, another process.')}`,
  );
  if (simulated) say('  “Simulated reply 2”: the model was given the message before the crash as well.');
  say(`  ${style('dim', times.map(([what, ms]) => `${what} ${duration(ms)}`).join(' · '))}`);
  say('\nNext  npx aaas serve                                 a platform that stays');
  say('      npx aaas agents create --type code --name dev  your agent (2nd terminal)');
  say('      npx aaas send dev "Hello"                      talk to it');
  if (simulated) say('      ANTHROPIC_API_KEY=… npm run demo               the same with a real model');
}

/** Shows a message and the turn that answers it. @throws when the turn fails, or no tool has shown what it should. */
async function converse(client: Client, agentId: string, prompt: Prompt, simulated: boolean): Promise<TurnEndedEvent> {
  say(`${MARGIN}${style('cyan', '›')} ${prompt.text}`);
  const view = new TurnView(MARGIN);
  let end: TurnEndedEvent | undefined;
  let results = '';
  for await (const event of client.messages.stream(agentId, toMessage(prompt, simulated))) {
    view.show(event);
    if (event.type === 'agent.tool_result') results += JSON.stringify(event.content);
    if (event.type === 'x.turn') end = event;
  }
  view.endLine();
  if (end?.turn.state !== 'completed') throw new Error(`The turn failed: ${end?.turn.error?.message ?? 'no answer'}`);
  // A real model has its own way: it must only have used its tools.
  const proof = simulated ? prompt.proof : '';
  if (results === '' || !results.includes(proof))
    throw new Error(`No tool of the agent has shown ${proof || 'anything'}.`);
  say(`${MARGIN}${style('dim', summariseTurn(end, simulated))}`);
  return end;
}

function connect(): Client {
  return createClient({ baseUrl: platform.url, apiKey: platform.key });
}

async function timed<T>(what: string, act: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await act();
  times.push([what, performance.now() - began]);
  return result;
}

/** How long that took which was timed last. */
function last(): string {
  return duration(times.at(-1)?.[1] ?? 0);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function step(number: number, title: string): void {
  say(`\n${style('bold', `${number}  ${title}`)}`);
}

function done(line: string): void {
  say(`${MARGIN}${style('green', '✓')} ${line}`);
}

function warn(line: string): void {
  say(`${MARGIN}${style('yellow', line)}`);
}

/** Leaves nothing behind, and then nothing but the exit code. */
function end(code: number): Promise<never> {
  ending ??= platform.dispose().then(
    () => process.exit(code),
    (error: Error) => {
      say(`${style('red', '✗')} ${error.message}`);
      process.exit(1);
    },
  );
  return ending;
}
