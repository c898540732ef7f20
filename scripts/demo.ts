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

try {
  await demo();
  await end(0);
} catch (error) {
  // A signal has stopped the server under us: that is no failure.
  if (!ending) {
    say(`\n${style('red', '✗')} ${error instanceof Error ? error.message : error}`);
    const tail = platform.outputTail();
    if (tail !== '') say(style('dim', `\nThe last that the server said:\n${tail}`));
  }
  await end(1);
}

async function demo(): Promise<void> {
  say(style('bold', 'AaaS demo: an agent that outlives its server\n'));

  step(1, 'Start a platform of its own: a free port, an embedded database, a temporary directory');
  await timed('start', () => platform.start());
  let client = connect();
  const { simulated } = await client.health();
  done(`${platform.url}, process ${platform.pid}, ready after ${took('start')}`);
  say(
    MARGIN +
      (simulated
        ? style(
            'yellow',
            'The model is SIMULATED (no ANTHROPIC_API_KEY is set); the agent, its tools and the crash are real.',
          )
        : 'The model is the real one that ANTHROPIC_API_KEY or ANTHROPIC_BASE_URL leads to.'),
  );

  step(2, 'Deploy an agent and give it work');
  const { agent_id: agentId } = await client.agents.create({ agent_type: 'code', name: 'demo' });
  await timed('first answer', () => converse(client, agentId, WORK, simulated));
  const { pid: agentPid } = await client.agents.get(agentId);

  step(3, 'Kill the server with SIGKILL, which leaves it no time to tidy up');
  const serverPid = platform.pid;
  await timed('gone', () => platform.kill(agentPid));
  done(
    `gone after ${took('gone')}: the server (${serverPid}), the process of the agent (${agentPid}) and the database`,
  );

  step(4, 'Start it again on the same directory and ask the agent what it remembers');
  await timed('start again', () => platform.start());
  client = connect();
  done(`${platform.url}, process ${platform.pid}, ready after ${took('start again')}`);
  const end = await timed('next answer', () => converse(client, agentId, RECALL, simulated));
  if (end.metadata.messages_count !== 2) throw new Error(`It counts ${end.metadata.messages_count} messages, not 2.`);

  say(`\n${style('green', '✓')} ${style('bold', 'The conversation, the directory and the agent are still there.')}`);
  if (simulated)
    say(
      `${MARGIN.slice(1)}“Simulated reply 2” counts the messages that the model was sent: it was given the one before the crash too.`.slice(
        1,
      ),
    );
  say(style('dim', `  ${times.map(([what, ms]) => `${what} ${duration(ms)}`).join(' · ')}`));
  say(`
Next  npx aaas serve                                   a platform to keep (data in ./data)
      npx aaas agents create --type code --name dev    in another terminal: your agent
      npx aaas send dev "Hello"                        talk to it${simulated ? '\n      ANTHROPIC_API_KEY=… npm run demo                 the same with a real model' : ''}`);
}

/** Shows one message and the turn that answers it. @throws when the turn fails or does not bring what it should. */
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
  if (!results.includes(prompt.proof)) throw new Error(`No tool of the agent has shown "${prompt.proof}".`);
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

function took(what: string): string {
  return duration(times.find(([name]) => name === what)?.[1] ?? 0);
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
