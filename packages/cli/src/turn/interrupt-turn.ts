import type { Client } from '@aaas/client/create-client';
import { EXIT } from '../exit-codes.ts';
import { onInterrupt } from '../interrupts.ts';
import { oneLine } from '../output/one-line.ts';

export interface TurnInterrupt {
  /** Ctrl-C was pressed. */
  readonly asked: boolean;
  /** Our turn is the one that is being worked on. */
  turnRuns(): void;
}

/**
 * The first Ctrl-C interrupts the turn, the second leaves at once. A turn that still waits for its place is
 * interrupted when it begins: before that, the interrupt would hit the turn of somebody else.
 */
export function interruptTurnOnCtrlC(client: Client, id: string, note: (message: string) => void): TurnInterrupt {
  let asked = false;
  let runs = false;
  const interrupt = () => {
    (id.startsWith('sesn_') ? client.sessions : client.agents)
      .interrupt(id)
      .catch((error: Error) => note(`cannot interrupt: ${oneLine(error.message)}`));
  };
  onInterrupt(() => {
    if (asked) {
      note('left; the turn goes on unless the interrupt has reached it.');
      process.exit(EXIT.interrupted);
    }
    asked = true;
    note(`interrupting ${runs ? 'the turn' : 'the turn as soon as it begins'}; Ctrl-C again leaves at once.`);
    if (runs) interrupt();
  });
  return {
    get asked() {
      return asked;
    },
    turnRuns: () => {
      if (runs) return;
      runs = true;
      if (asked) interrupt();
    },
  };
}
