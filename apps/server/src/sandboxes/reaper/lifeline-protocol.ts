import type { UidRange } from './find-processes.ts';
import type { LeaseTerm } from './lease-term.ts';
import type { Life } from './life-hold.ts';

export interface LifelineOptions {
  life: Life;
  /** The embedded database; null: a server that is not ours to stop. */
  postgresPid: number | null;
}

/** What the server says, one line of JSON each. */
export type LifelineCommand =
  /** Sandboxes may run until then. The users of the agents are those of by now. */
  | { say: 'lease'; term: LeaseTerm; uids: UidRange | null }
  /** The node has begun another life; nothing of the last one is left. */
  | { say: 'life'; life: Life }
  /** Another lifeline was there before and may have frozen what now is to run. */
  | { say: 'adopt' }
  /** It ends in order, and stops its database itself. */
  | { say: 'goodbye' };

/** What the lifeline says, one word a line. */
export const FROZEN = 'frozen';
export const THAWED = 'thawed';

export function writeCommand(command: LifelineCommand): string {
  return `${JSON.stringify(command)}\n`;
}

export function readCommand(line: string): LifelineCommand {
  return JSON.parse(line) as LifelineCommand;
}
