import { ApiError, type FieldError } from '@aaas/contract/errors';
import { isLive, Settings } from '@aaas/contract/settings';
import type { ChangeSettingsRequest } from '@aaas/contract/settings-api';
import type { Pool } from 'pg';
import { transaction } from '../postgres/transaction.ts';
import type { LiveSettings } from './live-settings.ts';
import { readOverrides } from './read-overrides.ts';

/**
 * Changes settings on all nodes: all of them or none. Null takes a change back. In force here when it returns, and on
 * other nodes at their next look at the table.
 * @throws ApiError invalid_request, with each name that cannot be changed so and why.
 */
export async function changeSettings(
  live: LiveSettings,
  pool: Pool,
  changes: ChangeSettingsRequest,
  changedBy: string,
): Promise<void> {
  refuse(Object.keys(changes).flatMap(refusal));
  await transaction(pool, async (db) => {
    // Two changes that are right by themselves may be wrong together: one after the other.
    await db.query('lock table settings in share row exclusive mode');
    const values = Object.fromEntries((await readOverrides(db)).map(({ name, value }) => [name, value]));
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) delete values[name];
      else values[name] = String(value);
    }
    const empty = Object.entries(changes).filter(([, value]) => value === '');
    refuse(empty.map(([name]) => ({ field: name, message: 'must not be empty; null takes a change back' })));
    const { problems } = live.resolveWith(values);
    refuse(problems.map(({ name, message }) => ({ field: name, message: `${message}. ${describe(name)}`.trim() })));
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) await db.query('delete from settings where name = $1', [name]);
      else {
        await db.query(
          `insert into settings (name, value, updated_at, updated_by) values ($1, $2, now(), $3)
           on conflict (name) do update
             set value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by`,
          [name, String(value), changedBy],
        );
      }
    }
  });
  await live.refresh();
}

function refusal(name: string): FieldError[] {
  if (!Object.hasOwn(Settings.shape, name)) {
    return [{ field: name, message: 'is no setting; GET /api/v1/settings lists them' }];
  }
  if (isLive(name)) return [];
  return [{ field: name, message: 'is fixed when a node starts; set it in its environment and restart it' }];
}

function refuse(errors: FieldError[]): void {
  const [first] = errors;
  if (first) throw new ApiError('invalid_request', `${first.field}: ${first.message.replace(/\.$/, '')}.`, { errors });
}

function describe(name: string): string {
  return Settings.shape[name as keyof typeof Settings.shape].description ?? '';
}
