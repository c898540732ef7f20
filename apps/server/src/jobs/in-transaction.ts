import { createHash } from 'node:crypto';
import type { ClientBase, Pool } from 'pg';

const names = new Map<string, string>();

/** Lets pg-boss work in a transaction of ours. Its statements are long: each connection plans one once. */
export function inTransaction(db: Pool | ClientBase) {
  return {
    executeSql: (text: string, values?: unknown[]) => db.query({ name: nameOf(text), text, values: values ?? [] }),
  };
}

function nameOf(text: string): string {
  let name = names.get(text);
  if (!name) {
    name = `pgboss.${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
    names.set(text, name);
  }
  return name;
}
