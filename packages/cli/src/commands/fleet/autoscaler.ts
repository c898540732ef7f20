import type { Schema } from '@aaas/client/operations/operation-types';
import { type Command, InvalidArgumentError } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { moment } from '../../output/figures.ts';
import { printJson } from '../../output/print-json.ts';
import { take } from '../../output/print-list.ts';
import { style } from '../../output/style.ts';
import { cell, printFacts, printTable } from '../../output/table.ts';
import { wholeNumber } from '../../read-option.ts';

type Autoscaler = Schema<'Autoscaler'>;
type Decision = Schema<'ScaleDecision'>;
interface AutoscalerOptions extends GlobalOptions {
  scope?: Decision['scope'];
  most: number;
}

const PAGE = 100;
const SHOWN = 10;
const COLOURS = { up: 'yellow', down: 'green', hold: 'dim' } as const;

export function autoscalerCommand(fleet: Command): void {
  fleet
    .command('autoscaler')
    .description('show what auto-scaling sees, where it stands and what it decided')
    .option('--scope <scope>', 'only decisions of the fleet, or of nodes (node)', scopeOf)
    .option('--most <n>', 'no more decisions than so many', wholeNumber, SHOWN)
    .action(
      onPlatform<AutoscalerOptions>(async (client, options) => {
        const { scope, most, json } = options;
        const limit = Math.min(most, PAGE) || 1;
        const view = await client.autoscaler.get({ scope, limit });
        const rest = most > PAGE && view.next_cursor !== null;
        const data = rest
          ? await gather(client.autoscaler.decisions({ scope, limit }), most)
          : view.data.slice(0, most);
        if (json) return printJson({ ...view, data });
        print({ ...view, data });
      }),
    );
}

function scopeOf(text: string): Decision['scope'] {
  if (text !== 'fleet' && text !== 'node') throw new InvalidArgumentError('It is fleet or node.');
  return text;
}

async function gather(decisions: AsyncIterable<Decision>, most: number): Promise<Decision[]> {
  const found: Decision[] = [];
  for await (const decision of take(decisions, most)) found.push(decision);
  return found;
}

function print({ enabled, fleet, nodes, rules, data }: Autoscaler): void {
  const { signals } = fleet;
  printFacts({
    'auto-scaling': enabled ? 'on' : style('yellow', 'off: nothing moves'),
    nodes: `${figure(fleet.desired_nodes)} wanted, ${figure(fleet.live_nodes)} live, ${fleet.min_nodes} to ${fleet.max_nodes} allowed`,
    because: fleet.reason === null ? '–' : `${fleet.reason}${fleet.detail === null ? '' : `: ${cell(fleet.detail)}`}`,
    use: `${share(signals?.use)} of ${figure(signals?.places)} places (up above ${share(rules.up_threshold)}, down below ${share(rules.down_threshold)})`,
    waiting: `${figure(signals?.waiting)}, the oldest for ${figure(signals?.oldest_wait_seconds)} s`,
    arrivals: `${figure(signals?.arrivals_per_minute)} a minute`,
    memory: share(signals?.memory_use),
    starts: `${figure(signals?.start_p50_ms)} ms, slow ones ${figure(signals?.start_p95_ms)} ms`,
    'no step up': `before ${moment(fleet.cooldown.up_until)}`,
    'no step down': `before ${moment(fleet.cooldown.down_until)}`,
    ...(fleet.drain_candidates.length > 0 && { 'can go': fleet.drain_candidates.map(cell).join(', ') }),
  });
  printTable(
    ['NODE', 'SPARES', 'SPARE USE', 'SLEEP AFTER', 'ACTIVITY', 'MEMORY'],
    nodes.map(({ id, spares, idle_seconds, signals: seen }) => [
      cell(id),
      spares === null ? '–' : `${spares.target} (${spares.min} to ${spares.max})`,
      share(seen?.spare_use),
      idle_seconds === null ? 'never' : `${idle_seconds} s`,
      share(seen?.activity),
      share(seen?.memory_use),
    ]),
  );
  if (data.length === 0) console.log(style('dim', 'Nothing was decided yet.'));
  else printTable(['AT', 'WHAT', 'ACTION', 'FROM', 'TO', 'REASON', 'SIGNAL', 'COOLDOWN UNTIL'], data.map(rowOf));
}

function rowOf(decision: Decision): string[] {
  const { action, signal, value, threshold, node_id } = decision;
  return [
    moment(decision.at),
    node_id === null ? decision.target : `${decision.target} of ${cell(node_id)}`,
    style(COLOURS[action], action),
    figure(decision.from),
    figure(decision.to),
    decision.reason,
    signal === null ? '–' : `${cell(signal)} ${figure(value)} (${figure(threshold)})`,
    moment(decision.cooldown_until),
  ];
}

function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : String(Math.round(value * 100) / 100);
}

function share(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : `${Math.round(value * 100)} %`;
}
