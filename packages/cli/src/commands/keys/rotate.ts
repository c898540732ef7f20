import type { Command } from 'commander';
import { resolveKey } from '../../connection/resolve-key.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { seconds } from '../../read-option.ts';
import { printNewKey } from './print-key.ts';

interface RotateKeyOptions extends GlobalOptions {
  overlap?: number;
  expiresIn?: number;
}

export function rotateKeyCommand(keys: Command): void {
  keys
    .command('rotate <key>')
    .description('make the key that takes the place of another; the new one is shown this once')
    .option('--overlap <time>', 'how long the old one stays good, such as 1h; 0 ends it at once (default: 1d)', seconds)
    .option('--expires-in <time>', 'how long the new one is good, such as 90d', seconds)
    .action(
      onPlatform<RotateKeyOptions>(async (client, options, wanted: string) => {
        const { id } = await resolveKey(client, wanted);
        const { overlap: overlap_seconds, expiresIn: expires_in_seconds } = options;
        printNewKey(options, await client.keys.rotate(id, { overlap_seconds, expires_in_seconds }));
      }),
    );
}
