import type { Command } from 'commander';
import { resolveKey } from '../../connection/resolve-key.ts';
import { onPlatform } from '../../on-platform.ts';
import { printJson } from '../../output/print-json.ts';
import { printKey } from './print-key.ts';

export function getKeyCommand(keys: Command): void {
  keys
    .command('get <key>')
    .description('show a key, by its id or its name; the key itself is not stored')
    .action(
      onPlatform(async (client, { json }, wanted: string) => {
        const id = wanted.startsWith('apikey_') ? wanted : (await resolveKey(client, wanted)).id;
        const key = await client.keys.get(id);
        if (json) printJson(key);
        else printKey(key);
      }),
    );
}
