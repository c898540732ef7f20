import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { onPlatform } from '../on-platform.ts';
import { moment } from '../output/figures.ts';
import { printJson } from '../output/print-json.ts';
import { cell, printFacts, printTable } from '../output/table.ts';
import { autoscalerCommand } from './fleet/autoscaler.ts';
import { desiredNodesCommand } from './fleet/desired.ts';

const MIB = 2 ** 20;

export function fleetCommand(program: Command): void {
  const command = program
    .command('fleet')
    .description('show the nodes, their places and what waits for one')
    .action(
      onPlatform(async (client, { json }) => {
        const fleet = await client.fleet();
        if (json) return printJson(fleet);
        const { capacity, queue, sandboxes } = fleet;
        printFacts({
          places: `${capacity.held} of ${capacity.places} held, ${capacity.idle} of them idle`,
          processes: countsOf(sandboxes),
          waiting: queue.oldest_since === null ? 'nobody' : `${queue.waiting} since ${moment(queue.oldest_since)}`,
        });
        printTable(
          ['NODE', 'STATE', 'PLACES', 'STARTS', 'MEMORY FREE', 'ISOLATION', 'LIMITS', 'VERSION', 'SINCE'],
          fleet.nodes.map(rowOf),
        );
      }),
    );
  for (const add of [autoscalerCommand, desiredNodesCommand]) add(command);
}

function rowOf(node: Schema<'FleetNode'>): string[] {
  const { load } = node;
  const waiting = load?.starts.waiting ? `, ${load.starts.waiting} wait for ${load.starts.waiting_for}` : '';
  return [
    node.this_node ? `${node.id} *` : node.id,
    node.state,
    `${node.owned} of ${node.capacity}`,
    load ? `${load.starts.running} of ${load.starts.max}${waiting}` : '–',
    load ? `${Math.floor(load.memory.available_bytes / MIB)} MiB${load.memory.short ? ' (short)' : ''}` : '–',
    cell(load?.enforcement?.isolation ?? null),
    cell(load?.enforcement?.limits.memory ?? null),
    cell(node.version),
    moment(node.started_at),
  ];
}

function countsOf(counts: Record<string, number>): string {
  const some = Object.entries(counts).map(([phase, count]) => `${count} ${phase}`);
  return some.length === 0 ? 'none' : some.join(', ');
}
