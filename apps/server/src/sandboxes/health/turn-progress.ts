/** What a turn that runs is waiting for. */
export type TurnPhase =
  /** The first byte of the model's answer. */
  | 'model'
  /** The rest of an answer that has begun. */
  | 'stream'
  /** A tool that runs. */
  | 'tool'
  /** A person's decision: no limit holds. */
  | 'approval';

/** Where a turn stands. A turn that moves on changes its phase or its beat. */
export interface TurnProgress {
  phase: TurnPhase;
  /** Counts signs of life. */
  beat: number;
}
