import { newId } from '@aaas/contract/ids';
import type { PoolClient } from 'pg';

/** How the test side of a workspace is called. */
export function testNameOf(name: string): string {
  return `${name} (test)`;
}

/** The test side of a workspace, made when it is missing; of a test side, itself. The workspace exists. */
export async function ensureTestSide(db: PoolClient, workspaceId: string): Promise<string> {
  // The lock makes a second one wait for the first, and both wait for an archiving.
  const found = await db.query<{ name: string; isTest: boolean; archivedAt: Date | null }>(
    `select w.name, w.test_of is not null as "isTest", w.archived_at as "archivedAt" from workspaces w where id = $1 for no key update`,
    [workspaceId],
  );
  const workspace = found.rows[0];
  if (!workspace || workspace.isTest) return workspaceId;
  const known = await db.query<{ id: string }>('select id from workspaces where test_of = $1', [workspaceId]);
  if (known.rows[0]) return known.rows[0].id;
  const id = newId('wrkspc');
  await db.query('insert into workspaces (id, name, simulated, test_of, archived_at) values ($1, $2, true, $3, $4)', [
    id,
    testNameOf(workspace.name),
    workspaceId,
    workspace.archivedAt,
  ]);
  return id;
}
