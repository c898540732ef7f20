import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { CliError } from '../../cli-error.ts';
import { EXIT } from '../../exit-codes.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { shorten } from '../../output/one-line.ts';
import { printThing } from '../../output/print-answer.ts';
import { printJson } from '../../output/print-json.ts';
import { type Columns, printList } from '../../output/print-list.ts';
import { style } from '../../output/style.ts';
import { cell } from '../../output/table.ts';

type Setting = Schema<'Setting'>;
interface ListSettingsOptions extends GlobalOptions {
  live?: boolean;
  changed?: boolean;
}

const DESCRIPTION_SHOWN = 70;
const VALUE_SHOWN = 40;

const COLUMNS: Columns<Setting> = {
  SETTING: ({ name, source }) => (source === 'live' ? style('cyan', name) : name),
  VALUE: (setting) => shorten(shownValue(setting), VALUE_SHOWN),
  SOURCE: ({ source }) => source,
  LIVE: ({ live }) => (live ? 'yes' : 'at start'),
  'WHAT IT DOES': ({ description }) => shorten(cell(description), DESCRIPTION_SHOWN),
};

export function listSettingsCommand(settings: Command): void {
  settings
    .command('list')
    .description('list the settings in force, and where each comes from')
    .option('--live', 'only those that can be changed while the platform runs')
    .option('--changed', 'only those that were changed so')
    .action(
      onPlatform<ListSettingsOptions>(async (client, options) => {
        const { data } = await client.settings.list();
        const { live, changed } = options;
        const wanted = data.filter((setting) => (!live || setting.live) && (!changed || setting.source === 'live'));
        await printList(options, wanted, COLUMNS, 'Nothing was changed. Change one with: aaas settings set NAME=value');
      }),
    );
  settings
    .command('get <name>')
    .description('explain one setting')
    .action(
      onPlatform(async (client, options, name: string) => {
        const found = (await client.settings.list()).data.find((setting) => setting.name === name.toUpperCase());
        if (!found) throw new CliError(`There is no setting ${name}. See them with: aaas settings list`, EXIT.notFound);
        if (options.json) return printJson(found);
        printThing(found.name, found.live ? 'can be changed live' : 'is read at start', {
          value: shownValue(found),
          source: found.source,
          default: cell(found.default === null ? null : String(found.default)),
          'what it does': cell(found.description),
          'changed by': found.updated_by,
        });
      }),
    );
}

function shownValue({ value }: Setting): string {
  return cell(value === null ? null : String(value));
}
