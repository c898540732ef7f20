import type { Principal } from '../principal.ts';
import type { Cost } from './prices.ts';
import type { Usage } from './usage.ts';

/** A row of the ledger: one request that reached an upstream. */
export interface ModelRequest {
  id: string;
  at: Date;
  principal: Principal;
  upstream: string;
  model: string;
  /** HTTP status sent by the upstream; 0 when it sent none. */
  status: number;
  /** null: the answer did not reach its end. */
  stopReason: string | null;
  attempts: number;
  /** To the token what the upstream has said. */
  usage: Usage;
  /** Output that has passed and that the upstream has not counted, at least; paid like any other. */
  uncountedOutputTokens: number;
  /** null: no price is known for the model. */
  cost: Cost | null;
  firstByteMs: number | null;
  durationMs: number;
}
