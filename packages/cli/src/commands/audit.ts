import type { Command } from 'commander';
import { exportAuditCommand } from './audit/export.ts';
import { listAuditCommand } from './audit/list.ts';
import { verifyAuditCommand } from './audit/verify.ts';

export function auditCommand(program: Command): void {
  const audit = program.command('audit').description('who did what, in a chain that shows when it was touched');
  for (const add of [listAuditCommand, verifyAuditCommand, exportAuditCommand]) add(audit);
}
