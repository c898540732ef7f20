import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { onPlatform } from '../on-platform.ts';
import { printJson } from '../output/print-json.ts';
import { type Columns, printList } from '../output/print-list.ts';
import { style } from '../output/style.ts';
import { cell } from '../output/table.ts';

type Model = Schema<'Model'>;

const price = (of: (price: NonNullable<Model['price']>) => number) => (model: Model) =>
  model.price === null ? '–' : `$${of(model.price).toFixed(2)}`;

const COLUMNS: Columns<Model> = {
  MODEL: ({ id }) => cell(id),
  NAME: ({ display_name }) => cell(display_name),
  'IN / 1M': price(({ input }) => input),
  'OUT / 1M': price(({ output }) => output),
  'CACHE READ': price(({ cache_read }) => cache_read),
  'SERVED BY': ({ upstreams, simulated }) =>
    `${cell(upstreams.map(({ name }) => name).join(' '))}${simulated ? ' (simulated)' : ''}`,
};

export function modelsCommand(program: Command): void {
  program
    .command('models')
    .description('list the models that agents may have, with prices in US dollars per million tokens')
    .action(
      onPlatform(async (client, options) => {
        const answer = await client.models.list();
        if (options.json) return printJson(answer);
        await printList(
          options,
          answer.data,
          COLUMNS,
          'No upstream lists its models; agents may name any that one serves.',
        );
        const more = answer.unlisted_upstreams;
        if (more.length > 0) console.log(style('dim', `More may be had from ${cell(more.join(', '))}: it lists none.`));
      }),
    );
}
