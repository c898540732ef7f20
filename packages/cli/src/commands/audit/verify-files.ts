import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { AuditEntry, type AuditVerification } from '@aaas/contract/audit';
import { verifyChain } from '@aaas/server/audit/chain';
import { CliError } from '../../cli-error.ts';
import { EXIT } from '../../exit-codes.ts';
import { oneLine } from '../../output/one-line.ts';

/** Walks the chain that exported files hold, without a platform. @throws CliError when one cannot be read */
export async function verifyFiles(files: string[]): Promise<AuditVerification> {
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
