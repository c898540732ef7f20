import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@aaas/client/create-client';
import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { CliError } from '../../cli-error.ts';
import { resolveNamed } from '../../connection/resolve-named.ts';
import { EXIT } from '../../exit-codes.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { printJson } from '../../output/print-json.ts';
import { progress } from '../../output/progress.ts';

const LOOK_MS = 500;

interface DrainOptions extends GlobalOptions {
  undo?: boolean;
  wait?: boolean;
}

export function drainCommand(fleet: Command): void {
  fleet
    .command('drain [node]')
    .description('have a node take no more work and give up what it has (default: the one that answers)')
    .option('--undo', 'have it take work again')
    .option('--wait', 'until it owns nothing any more')
    .action(
      onPlatform<DrainOptions, [string | undefined]>(async (client, { json, undo = false, wait = false }, wanted) => {
        const id = wanted === undefined ? undefined : await idOf(client, wanted);
        const asked = await client.drainNode({ ...(id === undefined ? {} : { node_id: id }), undo });
        const node = wait && !undo ? await drained(client, asked) : asked;
        if (json) return printJson(node);
        console.log(undo ? `${node.id} takes work again.` : describe(node));
      }),
    );
}

/** An id in full need not be known here: the platform says whether there is such a node. */
async function idOf(client: Client, wanted: string): Promise<string> {
  if (/^node_\w{24}$/.test(wanted)) return wanted;
  const { nodes } = await client.fleet();
  const running = nodes.filter(({ state }) => state !== 'stopped');
  const entries = (async function* () {
    yield* running;
  })();
  const found = await resolveNamed(wanted, {
    ...{ noun: 'node', prefix: 'node_', listedBy: 'aaas fleet', entries },
    nameOf: ({ address }) => address ?? '',
  });
  return found.id;
}

async function drained(client: Client, { id }: { id: string }): Promise<Schema<'FleetNode'>> {
  const shown = progress(`${id}:`);
  try {
    for (;;) {
      const node = (await client.fleet()).nodes.find((one) => one.id === id);
      if (node?.state === 'drained') return node;
      if (node?.state !== 'draining')
        throw new CliError(`${id} does not drain any more: it is ${node?.state ?? 'gone'}.`, EXIT.failed);
      shown.say(`${node.owned} agents left`);
      await sleep(LOOK_MS);
    }
  } finally {
    shown.end();
  }
}

function describe(node: Schema<'FleetNode'>): string {
  if (node.state === 'drained') return `${node.id} is drained: it owns no agent and takes none.`;
  return `${node.id} drains: ${node.owned} agents left. See how far it is with: aaas fleet`;
}
