import type { Client } from '@aaas/client/create-client';
import type { TurnEndedEvent, TurnEvent } from '@aaas/client/messages/message';
import type { QueryEndedEvent, QueryEvent } from '@aaas/client/query/query';
import { EXIT } from '../exit-codes.ts';
import { oneLine } from '../output/one-line.ts';
import { printJsonLine } from '../output/print-json.ts';
import { style } from '../output/style.ts';
import { summariseTurn } from './summarise-turn.ts';
import { TurnView } from './turn-view.ts';

export type TurnEnd = TurnEndedEvent | QueryEndedEvent;

/** A turn on standard output: lines of JSON, or what a person reads, with a summary at its end. */
export class TurnOutput {
  readonly #view = new TurnView();
  readonly #json: boolean;
  readonly #simulated: Promise<boolean> | null;
  #end: TurnEnd | null = null;

  constructor(client: Client, json: boolean) {
    this.#json = json;
    // Asked beside the turn, for the last line.
    this.#simulated = json
      ? null
      : client.health().then(
          ({ simulated }) => simulated,
          () => false,
        );
  }

  /** Says something on standard error, on a line of its own. */
  readonly note = (message: string): void => {
    if (!this.#json) this.#view.endLine();
    process.stderr.write(`${style('dim', `aaas: ${message}`, process.stderr)}\n`);
  };

  show(event: TurnEvent | QueryEvent): void {
    if (event.type === 'x.turn') this.#end = event;
    if (this.#json) printJsonLine(event);
    else this.#view.show(event);
  }

  async finish(): Promise<TurnEnd | null> {
    const end = this.#end;
    if (!this.#json && end) {
      this.#view.showMissing(end);
      this.#view.endLine();
      console.log(style('dim', summariseTurn(end, (await this.#simulated) ?? false)));
    }
    return end;
  }
}

export function exitCodeOfTurn(end: TurnEnd | null, note: (message: string) => void): number {
  if (end?.turn.state === 'completed') return 0;
  if (end?.turn.state === 'interrupted') note('the turn was interrupted by somebody else.');
  else note(`the turn failed: ${oneLine(end?.turn.error?.message ?? 'its end is not known')}`);
  return end?.turn.stop_reason === 'budget_exceeded' ? EXIT.budget : EXIT.failed;
}
