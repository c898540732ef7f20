import type { OwnedSession, SessionContext } from '../session-context.ts';
import type { TurnDriver } from '../turns/run-turn.ts';
import type { SessionRow } from './load-session.ts';
import type { RestartDefaults } from './restart-rules.ts';
import type { SandboxKeeper } from './sandbox-keeper.ts';

/** Times in milliseconds. They change while a session is owned: read at each use. */
export interface RunnerBounds extends RestartDefaults {
  drainMs: number;
  interruptMs: number;
  startMs: number;
  turnMs: number;
  /** How long a turn may wait for a model provider. */
  outageMs: number;
  /** How long an ask stays open; 0: nobody is asked. */
  approvalMs: number;
  /** How long a process is kept while its turn waits for a person. */
  approvalHoldMs: number;
}

/** What the steps of an owner work on. Only its loop calls them. */
export interface RunnerParts {
  ctx: SessionContext;
  owned: OwnedSession;
  bounds: RunnerBounds;
  /** The row as it was last read, or written by this owner. */
  row(): SessionRow;
  turns: TurnDriver;
  sandbox: SandboxKeeper;
}
