import type { Schema } from '@aaas/client/operations/operation-types';
import { ROLES } from '@aaas/contract/roles';
import type { Command } from 'commander';
import { onPlatform } from '../on-platform.ts';
import { moment } from '../output/figures.ts';
import { printJson } from '../output/print-json.ts';
import { cell, printFacts, printTable } from '../output/table.ts';
import { autoscalerCommand } from './fleet/autoscaler.ts';
import { desiredNodesCommand } from './fleet/desired.ts';
import { drainCommand } from './fleet/drain.ts';

const MIB = 2 ** 20;

export function fleetCommand(program: Command): void {
  const command = program
    .command('fleet')
    .description('show the nodes, their places and what waits for one')
    .action(
      onPlatform(async (client, { json }) => {
        const seen = await client.fleet();
        if (json) return printJson(seen);
        const { capacity, queue, sandboxes, regions } = seen;
        printFacts({
          places: `${capacity.held} of ${capacity.places} held, ${capacity.idle} of them idle`,
          processes: countsOf(sandboxes),
          waiting: queue.oldest_since === null ? 'nobody' : `${queue.waiting} since ${moment(queue.oldest_since)}`,
          ...(queue.unplaced === 0
            ? {}
            : { 'no node for': `${queue.unplaced}; their next_action says what they ask for` }),
          ...regionFacts(regions),
        });
        printTable(['NODE', 'STATE', 'ROLES', 'REGION', 'LABELS', 'PLACES', 'STARTS', ...MORE], seen.nodes.map(rowOf));
      }),
    );
  for (const add of [drainCommand, autoscalerCommand, desiredNodesCommand]) add(command);
}

const MORE = ['MEMORY FREE', 'ISOLATION', 'LIMITS', 'VERSION', 'SINCE'];

function rowOf(node: Schema<'FleetNode'>): string[] {
  const { load } = node;
  const waiting = load?.starts.waiting ? `, ${load.starts.waiting} wait for ${load.starts.waiting_for}` : '';
  return [
    node.this_node ? `${node.id} *` : node.id,
    node.state,
    node.roles.length === ROLES.length ? 'all' : node.roles.join(','),
    cell(node.region),
    cell(labelsOf(node.labels)),
    `${node.owned} of ${node.capacity}`,
    load ? `${load.starts.running} of ${load.starts.max}${waiting}` : '–',
    load ? `${Math.floor(load.memory.available_bytes / MIB)} MiB${load.memory.short ? ' (short)' : ''}` : '–',
    cell(load?.enforcement?.isolation ?? null),
    cell(load?.enforcement?.limits.memory ?? null),
    cell(node.version),
    moment(node.started_at),
  ];
}

function labelsOf(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** Of interest where there are several. */
function regionFacts(regions: Schema<'Fleet'>['regions']): Record<string, string> {
  if (regions.length < 2 && !regions[0]?.region) return {};
  return Object.fromEntries(
    regions.map(({ region, nodes, held, places, waiting }) => [
      region === null ? 'no region' : `in ${region}`,
      `${nodes} nodes, ${held} of ${places} places held, ${waiting} waiting`,
    ]),
  );
}

function countsOf(counts: Record<string, number>): string {
  const some = Object.entries(counts).map(([phase, count]) => `${count} ${phase}`);
  return some.length === 0 ? 'none' : some.join(', ');
}
