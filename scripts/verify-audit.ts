// Verifies exported audit logs without the platform. Several files are one chain, in their order.
// Usage: node scripts/verify-audit.ts <file>...
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { verifyChain } from '../apps/server/src/audit/chain.ts';
import { AuditEntry } from '../packages/contract/src/audit.ts';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('Usage: node scripts/verify-audit.ts <file>...');
  process.exit(2);
}

const verification = await verifyChain(entriesOf(files));
console.log(JSON.stringify(verification, null, 2));
process.exitCode = verification.ok ? 0 : 1;

async function* entriesOf(paths: string[]): AsyncGenerator<AuditEntry> {
  for (const path of paths) {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line !== '') yield AuditEntry.parse(JSON.parse(line));
    }
  }
}
