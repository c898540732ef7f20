import { readdir } from 'node:fs/promises';
import type { Pool } from 'pg';
import { discard } from '../confined/discard.ts';
import { openStaging } from '../confined/staging.ts';
import { lockDirectory } from '../directory-lock.ts';
import type { DirectorySite } from '../directory-site.ts';
import { openSessions } from '../session-directory.ts';
import { readMarker } from './marker.ts';

const SESSION_NAME = /^sesn_/;
const BATCH = 500;
/** An import puts its directory in place a moment before its row is there. */
const ORPHAN_AFTER_MS = 3_600_000;

/**
 * Removes copies of directories that do not count any more, when nothing has been done to them for `afterMs`, and those
 * of sessions that are gone. @returns how many
 */
export async function discardStale(
  pool: Pool,
  { dataDir, nodeId }: Pick<DirectorySite, 'dataDir' | 'nodeId'>,
  afterMs: number,
): Promise<number> {
  await using sessions = await openSessions(dataDir);
  await using staging = await openStaging(sessions);
  const names = (await readdir(sessions.self)).filter((name) => SESSION_NAME.test(name));
  let discarded = 0;
  for (let at = 0; at < names.length; at += BATCH) {
    const batch = names.slice(at, at + BATCH);
    const rows = await findRows(pool, batch);
    for (const name of batch) {
      if (!isElsewhere(rows.get(name), nodeId)) continue;
      await lockDirectory(name, async () => {
        const info = await sessions.inspect(name);
        if (!info?.isDirectory()) return;
        await using root = await sessions.openDirectory(name);
        // Once more, with the lock: it may have come back meanwhile.
        const row = (await findRows(pool, [name])).get(name);
        if (!root || !isElsewhere(row, nodeId)) return;
        if (Date.now() - Number(info.ctimeMs) < (row ? afterMs : Math.min(afterMs, ORPHAN_AFTER_MS))) return;
        if (row && (await readMarker(root))?.copy === row.copy) return;
        await discard(sessions, name, staging);
        discarded++;
      });
    }
  }
  return discarded;
}

interface Row {
  id: string;
  node: string | null;
  copy: string | null;
  owner: string | null;
}

function isElsewhere(row: Row | undefined, nodeId: string): boolean {
  if (!row) return true;
  return row.copy !== null && row.node !== nodeId && row.owner !== nodeId;
}

async function findRows(pool: Pool, ids: string[]): Promise<Map<string, Row>> {
  const { rows } = await pool.query<Row>(
    `select s.id, s.directory_node as node, s.directory_copy as copy, h.owner
       from sessions s join session_heads h on h.session_id = s.id where s.id = any ($1)`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}
