import type { Client } from '@aaas/client/create-client';
import type { Reconnect } from '@aaas/client/events/follow-log';
import type { TurnEndedEvent } from '@aaas/client/messages/message';
import { EXIT } from '../exit-codes.ts';
import { oneLine } from '../output/one-line.ts';
import { printJsonLine } from '../output/print-json.ts';
import { style } from '../output/style.ts';
import { interruptTurnOnCtrlC } from './interrupt-turn.ts';
import { summariseTurn } from './summarise-turn.ts';
import { TurnView } from './turn-view.ts';

/** Sends a message and shows its turn. @returns the exit code. */
export async function sendTurn(client: Client, agentId: string, text: string, json: boolean): Promise<number> {
  const view = new TurnView();
  const note = (message: string) => {
    if (!json) view.endLine();
    process.stderr.write(`${style('dim', `aaas: ${message}`, process.stderr)}\n`);
  };
  const interrupt = interruptTurnOnCtrlC(client, agentId, note);
  const onReconnect = ({ attempt }: Reconnect) => {
    if (attempt === 1) note('the connection was cut; taking it up again …');
  };
  // Asked beside the turn, for the last line.
  const simulated = json
    ? null
    : client.health().then(
        ({ simulated }) => simulated,
        () => false,
      );

  let end: TurnEndedEvent | null = null;
  for await (const event of client.messages.stream(agentId, text, { onReconnect })) {
    if (event.type === 'session.status_running') interrupt.turnRuns();
    if (event.type === 'x.turn') end = event;
    if (json) printJsonLine(event);
    else view.show(event);
  }
  if (!json && end) {
    view.endLine();
    console.log(style('dim', summariseTurn(end, (await simulated) ?? false)));
  }
  return exitCodeOf(end, interrupt.asked, note);
}

function exitCodeOf(end: TurnEndedEvent | null, interrupted: boolean, note: (message: string) => void): number {
  if (interrupted) return EXIT.interrupted;
  if (end?.turn.state === 'completed') return 0;
  if (end?.turn.state === 'interrupted') note('the turn was interrupted by somebody else.');
  else note(`the turn failed: ${oneLine(end?.turn.error?.message ?? 'its end is not known')}`);
  return EXIT.failed;
}
