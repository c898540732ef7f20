import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { connect } from '../../connection/connect.ts';
import { EXIT } from '../../exit-codes.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { count } from '../../output/figures.ts';
import { oneLine } from '../../output/one-line.ts';
import { printJson } from '../../output/print-json.ts';
import { style } from '../../output/style.ts';
import { printFacts } from '../../output/table.ts';

type Verification = Schema<'AuditVerification'>;
interface VerifyOptions extends GlobalOptions {
  file?: string[];
  platform?: boolean;
}

export function verifyAuditCommand(audit: Command): void {
  audit
    .command('verify')
    .description('compute every hash again and say whether the chain is whole; fails unless it is')
    .option('--file <file...>', 'exported files, oldest first: no platform is asked')
    .option('--platform', 'the chain of requests that name no workspace')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<VerifyOptions>();
      const found = options.file ? await checkFiles(options.file) : await askPlatform(options);
      if (!found.ok) process.exitCode = EXIT.failed;
      if (options.json) printJson(found);
      else print(found);
    });
}

// The schema of an entry takes longer to load than most commands to run.
async function checkFiles(files: string[]): Promise<Verification> {
  return (await import('./verify-files.ts')).verifyFiles(files);
}

function askPlatform(options: VerifyOptions): Promise<Verification> {
  return connect(options).audit.verify({ chain: options.platform ? 'platform' : undefined });
}

function print({ ok, entries, head_seq, head_hash, broken }: Verification): void {
  if (broken) console.log(style('red', oneLine(`The chain is broken at entry ${broken.seq}: ${broken.reason}`)));
  printFacts({
    chain: ok ? style('green', 'whole') : style('red', 'broken'),
    entries: `${count(entries)} hold`,
    head: `${head_seq}  ${head_hash}`,
  });
  if (ok) console.log(style('dim', 'Note the hash outside the platform: no other chain has it at this place.'));
}
