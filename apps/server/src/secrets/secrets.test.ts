import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { Keyring } from './keyring.ts';
import { openKeyring } from './open-keyring.ts';
import { reseal } from './reseal.ts';

const place = { table: 'things', column: 'secret', row: 'thing_1', workspaceId: 'wrkspc_a' };
const oldKey = randomBytes(32);
const newKey = randomBytes(32);

let database: TestDatabase;
let dataDir: string;
beforeAll(async () => {
  database = await startTestDatabase();
  dataDir = mkdtempSync(join(tmpdir(), 'aaas-secrets-'));
  await database.pool.query('create table things (id text primary key, workspace_id text, secret text)');
});
afterAll(async () => {
  await database?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

it('opens what it sealed at its own place, and neither another place nor a changed text', () => {
  const keyring = new Keyring([newKey, oldKey]);
  const sealed = keyring.seal('whsec_x', place);
  expect(keyring.open(sealed, place)).toBe('whsec_x');
  expect(new Keyring([oldKey, newKey]).open(sealed, place)).toBe('whsec_x');
  expect(keyring.seal('whsec_x', place)).not.toBe(sealed);
  for (const field of ['table', 'column', 'row', 'workspaceId'] as const)
    expect(() => keyring.open(sealed, { ...place, [field]: 'other' })).toThrow();
  const at = sealed.length - 5;
  expect(() =>
    keyring.open(sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1), place),
  ).toThrow();
  expect(() => keyring.open('v1.abc.AAAA', place)).toThrow('no such form');
  expect(() => new Keyring([oldKey]).open(sealed, place)).toThrow('not in ENCRYPTION_KEY');
});

it('makes a key file once, refuses other keys on the same database, and rotates', async () => {
  const { pool } = database;
  const first = await openKeyring(pool, { dataDir, setting: undefined });
  expect(statSync(join(dataDir, 'encryption.key')).mode & 0o777).toBe(0o600);
  const again = await openKeyring(pool, { dataDir, setting: undefined });
  expect(again.sealingKeyId).toBe(first.sealingKeyId);

  const setting = (...keys: Buffer[]) => ({ dataDir, setting: keys.map((key) => key.toString('base64')).join(', ') });
  const fileKey = Buffer.from(readFileSync(join(dataDir, 'encryption.key'), 'utf8'), 'base64');
  await expect(openKeyring(pool, setting(newKey))).rejects.toThrow(
    `sealed with the encryption key ${first.sealingKeyId}, which this server does not have`,
  );
  // A server without any key does not make one that would be wrong.
  const empty = mkdtempSync(join(tmpdir(), 'aaas-secrets-'));
  await expect(openKeyring(pool, { dataDir: empty, setting: undefined })).rejects.toThrow('does not have');
  expect(() => statSync(join(empty, 'encryption.key'))).toThrow('ENOENT');
  rmSync(empty, { recursive: true });

  await pool.query(`insert into things select 'thing_' || n, 'wrkspc_a', null from generate_series(1, 500) n`);
  for (let n = 1; n <= 450; n++) {
    const row = `thing_${n}`;
    await pool.query('update things set secret = $2 where id = $1', [row, first.seal(`s${n}`, { ...place, row })]);
  }
  const both = await openKeyring(pool, setting(newKey, fileKey));
  expect(await reseal(pool, both, [{ table: 'things', column: 'secret' }])).toBe(450);
  expect(await reseal(pool, both, [{ table: 'things', column: 'secret' }])).toBe(0);
  const only = await openKeyring(pool, setting(newKey));
  const { rows } = await pool.query('select id, secret from things where secret is not null');
  for (const { id, secret } of rows) expect(only.open(secret, { ...place, row: id })).toBe(id.replace('thing_', 's'));
  await expect(openKeyring(pool, setting(fileKey))).rejects.toThrow('does not have');
});

it('lets one of two servers that start at once with different keys in', async () => {
  await database.pool.query('delete from encryption_keys');
  const started = await Promise.allSettled(
    [oldKey, newKey].map((key) => openKeyring(database.pool, { dataDir, setting: key.toString('base64') })),
  );
  expect(started.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
});
