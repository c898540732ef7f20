import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Schema } from '@aaas/client/operations/operation-types';
import { AuditEntry } from '@aaas/contract/audit';
import { verifyChain } from '@aaas/server/audit/chain';
import type { Command } from 'commander';
import { CliError } from '../../cli-error.ts';
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
      const found = options.file ? await verifyFiles(options.file) : await askPlatform(options);
      if (!found.ok) process.exitCode = EXIT.failed;
      if (options.json) printJson(found);
      else print(found);
    });
}

function askPlatform(options: VerifyOptions): Promise<Verification> {
  return connect(options).audit.verify({ chain: options.platform ? 'platform' : undefined });
}

async function verifyFiles(files: string[]): Promise<Verification> {
  try {
    return await verifyChain(entriesOf(files));
  } catch (error) {
    throw new CliError(`Cannot read the log: ${oneLine((error as Error).message)}`, EXIT.usage);
  }
}

async function* entriesOf(files: string[]): AsyncGenerator<AuditEntry> {
  for (const file of files) {
    let line = 0;
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      if (text === '') continue;
      const entry = AuditEntry.safeParse(parse(text));
      if (!entry.success) throw new Error(`${file}, line ${line}, is no entry of an audit log.`);
      yield entry.data;
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
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
