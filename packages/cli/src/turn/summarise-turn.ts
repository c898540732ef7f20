import { count, dollars, duration } from '../output/figures.ts';
import type { TurnEnd } from './turn-output.ts';

/** What a turn has cost, on one line. */
export function summariseTurn({ turn, metadata }: TurnEnd, simulated: boolean): string {
  const { input_tokens: fresh, cache_read_input_tokens: read, cache_creation_input_tokens: stored } = turn.usage;
  const parts = [
    ...(turn.state === 'completed' ? [] : [turn.state]),
    `${count(fresh + read + stored)} tokens in, ${count(turn.usage.output_tokens)} out`,
    dollars(turn.cost_usd),
    duration(metadata.duration_ms),
    simulated ? 'simulated model' : (turn.model ?? 'model unknown'),
  ];
  return parts.join(' · ');
}
