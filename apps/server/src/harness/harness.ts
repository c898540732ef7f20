import type { LiveDelta, StopReason } from '@aaas/contract/events';
import type { StatusReason } from '@aaas/contract/lifecycle';
import type { TurnProgress } from '../sandboxes/health/turn-progress.ts';
import type { ProcessQuery } from '../sandboxes/reaper/find-processes.ts';
import type { ExitInfo } from '../sandboxes/spawn/spawn-sandbox.ts';
import type { Ask, AskDesk } from '../sessions/approvals/approval.ts';
import type { SessionRow } from '../sessions/lifecycle/load-session.ts';
import type { TranscriptEntry, Uncommitted } from '../sessions/log/append.ts';
import type { OpenTurn } from '../sessions/turns/begin-turn.ts';
import type { StartClock } from './start/start-clock.ts';

/**
 * What drives turns. A harness opens one process per live session and turns messages into events; it knows nothing of
 * the database, of claims or of HTTP. The session's owner gives it a `TurnSink` and carries out what it returns.
 */
export interface Harness {
  /**
   * Starts the process of a session.
   * @param interrupted the turn that its last process left open, if any: the harness prepares to go on with it.
   */
  open(options: {
    session: SessionRow;
    generation: number;
    interrupted: InterruptedTurn | null;
    sink: TurnSink;
    /** Is told of each step of the start, before it begins. */
    clock: StartClock;
    /** Aborted when the start is no longer wanted. */
    signal?: AbortSignal;
  }): Promise<HarnessSession>;
}

/** A tool call that was begun. */
export interface BegunTool {
  /** The harness's own id of it. */
  ref: string | null;
  name: string;
  input: unknown;
  /** What the tool said; null: nobody knows what became of it. */
  outcome: string | null;
}

export interface InterruptedTurn {
  turn: OpenTurn;
  /** Tool calls that the turn has begun, oldest first. The model is told of those that its transcript does not know. */
  tools: BegunTool[];
  /**
   * Calls that were asked about and did not run, oldest first; none is open. The harness tells the model what became of
   * them, and lets an allowed one through once, under its own event.
   */
  asks: Ask[];
  /** Why its last process was ended, for the model; null: nothing that it could do better. */
  cause: string | null;
}

/** Where a harness writes. Both go to the turn that the owner has open. */
export interface TurnSink {
  /** Commits events, and entries of the transcript with them, under the owner's generation; resolves when durable. */
  commit(batch: Uncommitted): Promise<void>;
  /** Shows text while it is being written. Never stored. */
  delta(delta: LiveDelta): void;
  /** Where calls that need a person's word are asked about. */
  readonly asks: AskDesk;
  /** Reads the transcript back, oldest first. */
  loadTranscript(subpath: string): Promise<string[]>;
}

/** Why a process that lives is given up. */
export interface HarnessFailure {
  reason: Extract<StatusReason, 'transcript_lost' | 'stream_ended'>;
  detail: string;
}

export interface HarnessSession {
  readonly pid: number | null;
  /** Resolves when `pid` is known, or never will be. */
  readonly located: Promise<void>;
  /** By which the processes of its tree are found. */
  readonly tree: ProcessQuery;
  readonly exited: Promise<ExitInfo>;
  /** Resolves when the process is of no use any more, though it may live. It is then killed. */
  readonly failed: Promise<HarnessFailure>;
  lastOutput(): string;
  /** Resolves when the process answers on the path that turns use. */
  probe(): Promise<void>;
  /** A cheap round trip on the same path, in a turn too. May never resolve: the caller has a deadline. */
  ping(): Promise<void>;
  /** Where the running turn stands; null: none runs. */
  progress(): TurnProgress | null;
  /** Drives a turn to its end. Rejects when the process is lost on the way. */
  runTurn(turn: OpenTurn, how: 'new' | 'resume'): Promise<TurnOutcome>;
  /** Ends the running turn early; its `runTurn` then resolves as `interrupted`. Resolves when the process has obeyed. */
  interrupt(): Promise<void>;
  /**
   * What the process itself has written of the conversation, for the comparison with what is stored. A harness whose
   * processes write nothing of their own leaves it out.
   */
  written?(): AsyncIterable<TranscriptEntry & { uuid: string }>;
  /** Ends the whole process tree, gently first; resolves when it is gone. */
  close(): Promise<void>;
  /** Ends the whole process tree at once; resolves when it is gone. */
  kill(): Promise<void>;
}

/** `left` is what the end of the turn must still commit. */
export type TurnOutcome = { left: Uncommitted; response: string | null } & (
  | { kind: 'completed'; stopReason: StopReason }
  | { kind: 'interrupted' }
  | { kind: 'failed'; error: { type: string; message: string }; retryable: boolean }
);
