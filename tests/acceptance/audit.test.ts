import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyChain } from '../../apps/server/src/audit/chain.ts';
import type { AuditEntry } from '../../packages/contract/src/audit.ts';
import { newClientOf } from '../support/key-client.ts';
import { type Platform, until } from '../support/platform.ts';
import { openRows, type Rows } from '../support/rows.ts';
import { startTestPlatform } from '../support/test-platform.ts';

const VERIFY = fileURLToPath(new URL('../../scripts/verify-audit.ts', import.meta.url));
const AGENTS = '/api/v1/agents';
// biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
const bodyOf = (answer: Response): Promise<any> => answer.json();

describe('the audit log', () => {
  let rows: Rows;
  let platform: Platform;
  beforeAll(async () => {
    platform = await startTestPlatform({ AUDIT_TIMEOUT: '1' });
    rows = openRows(platform);
  });
  afterAll(async () => {
    await rows?.close();
    await platform?.dispose();
  });

  const as = (key: string) => ({ 'x-api-key': key });
  const workspace = async (name: string) =>
    newClientOf(platform, (await platform.json('POST', '/api/v1/workspaces', { name })).admin_key.key);
  const list = async (query = '', headers = {}): Promise<AuditEntry[]> =>
    (await platform.json('GET', `/api/v1/audit?limit=100&${query}`, undefined, headers)).data;
  const verify = (headers = {}) => platform.json('GET', '/api/v1/audit/verify', undefined, headers);
  const exported = async (headers = {}): Promise<AuditEntry[]> => {
    const text = await (await platform.request('GET', '/api/v1/audit/export', undefined, headers)).text();
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };

  it('holds a change before its answer leaves: who, what, to what, from where, with which outcome, and no body', async () => {
    const body = { config: { agent_type: 'code', name: 'audited', system_prompt: 'hush', env: { TOKEN: 'secret-1' } } };
    const headers = { 'x-request-id': 'theirs-1', 'user-agent': 'a-client/1' };
    const created = await platform.request('POST', `${AGENTS}?note=hush`, { ...body, auto_start: false }, headers);
    const { agent_id: agent } = await bodyOf(created);
    const [entry] = await rows.query('select * from audit_entries order by seq desc limit 1');
    expect(entry).toMatchObject({
      chain: 'wrkspc_default',
      request_id: created.headers.get('request-id'),
      client_request_id: 'theirs-1',
      operation: 'agents.create',
      method: 'POST',
      path: AGENTS,
      resource_id: agent,
      key_name: 'admin',
      key_hint: `${platform.key.slice(0, 9)}…`,
      client_address: '127.0.0.1',
      user_agent: 'a-client/1',
      status: 201,
      outcome: 'success',
      error_code: null,
    });
    expect(entry.fields).toEqual([
      'config.agent_type',
      'config.name',
      'config.system_prompt',
      'config.env',
      'auto_start',
    ]);
    expect(JSON.stringify(entry)).not.toMatch(/hush|secret-1|TOKEN/);
    await platform.request('DELETE', `${AGENTS}/agent_unknown`);
    await platform.request('POST', AGENTS, { config: {} });
    await until(async () => (await list('outcome=failed')).length === 2);
    expect(await list('outcome=failed')).toMatchObject([
      { operation: 'agents.create', status: 422, error_code: 'invalid_request', resource_id: null, fields: [] },
      { operation: 'agents.delete', status: 404, error_code: 'not_found', resource_id: 'agent_unknown' },
    ]);
  });

  it('holds a read of secrets before they leave, though it changes nothing', async () => {
    const made = await platform.json('POST', AGENTS, {
      config: { agent_type: 'custom', env: { A: 'b' } },
      auto_start: false,
    });
    const get = (query: string) => platform.request('GET', `${AGENTS}/${made.agent_id}/export${query}`);
    await (await get('')).arrayBuffer();
    const answer = await get('?include_env=true');
    const entries = await rows.query(`select * from audit_entries where operation = 'agents.export'`);
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
    expect(entries).toMatchObject([
      {
        ...{ request_id: answer.headers.get('request-id'), method: 'GET', resource_id: made.agent_id },
        ...{ key_name: 'admin', outcome: 'success', fields: ['include_env'] },
      },
    ]);
  });

  it('holds denials: of a key in its workspace, of a stranger in the chain of the platform', async () => {
    const other = await workspace('other');
    const reader = await other.make({ name: 'reader', scopes: ['agents:read'] });
    const auditor = await other.make({ name: 'auditor', scopes: ['audit:read'] });
    expect((await platform.request('POST', AGENTS, {}, as(reader.key))).status).toBe(403);
    await platform.request('GET', AGENTS, undefined, as('wrong'));
    await until(async () => (await list('outcome=denied', as(auditor.key))).length === 1);
    expect(await list('', as(auditor.key))).toMatchObject([
      { seq: 3, key_id: reader.id, key_name: 'reader', outcome: 'denied', status: 403, error_code: 'missing_scope' },
      { seq: 2, operation: 'keys.create', resource_id: auditor.id, fields: ['name', 'scopes'] },
      { seq: 1, operation: 'keys.create', resource_id: reader.id },
    ]);
    expect(JSON.stringify(await list('', as(auditor.key)))).not.toContain(reader.key.slice(9));
    await until(async () => (await list('chain=platform')).length === 1);
    expect(await list('chain=platform')).toMatchObject([
      { key_id: null, outcome: 'denied', status: 401, operation: 'agents.list', client_address: '127.0.0.1' },
    ]);
    expect((await platform.request('GET', '/api/v1/audit?chain=platform', undefined, as(auditor.key))).status).toBe(
      403,
    );
  });

  it('is not flooded by whoever is denied without end', async () => {
    const loud = await workspace('loud');
    const { key } = await loud.make({ name: 'loud', scopes: ['agents:read'] });
    await Promise.all(Array.from({ length: 100 }, () => platform.request('POST', AGENTS, {}, as(key))));
    // Whatever was recorded before it is there when a change is.
    await loud.make({ name: 'last' });
    expect((await loud.ask('GET', '/api/v1/audit/verify')).body).toMatchObject({ ok: true, entries: 1 + 60 + 1 });
  });

  it('filters, pages, exports, and is verified without the platform', async () => {
    const agent = await platform.deploy();
    for (const operation of ['stop', 'start', 'stop']) await platform.json('POST', `${AGENTS}/${agent}/${operation}`);
    const ofAgent = await list(`resource=${agent}`);
    expect(ofAgent.map(({ operation }) => operation)).toEqual([
      'agents.stop',
      'agents.start',
      'agents.stop',
      'agents.create',
    ]);
    expect(await list(`resource=${agent}&operation=agents.start`)).toHaveLength(1);
    const [last, , , first] = ofAgent as [AuditEntry, AuditEntry, AuditEntry, AuditEntry];
    expect(await list(`resource=${agent}&since=${first.at}&until=${last.at}&key_id=${last.key_id}`)).not.toHaveLength(
      4,
    );
    const page = await platform.json('GET', `/api/v1/audit?resource=${agent}&limit=3`);
    expect(await list(`resource=${agent}&cursor=${page.next_cursor}`)).toMatchObject([{ operation: 'agents.create' }]);
    const bad = await platform.request('GET', '/api/v1/audit?since=yesterday');
    expect([bad.status, (await bodyOf(bad)).errors[0].field]).toEqual([422, 'querystring.since']);

    const all = await exported();
    const online = await verify();
    expect(online).toMatchObject({ ok: true, entries: all.length, broken: null });
    expect(await verifyChain(all)).toEqual(online);
    const file = join(platform.dataDir, 'audit.ndjson');
    const verifyFile = (entries: AuditEntry[]) => {
      writeFileSync(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
      return spawnSync(process.execPath, [VERIFY, file], { encoding: 'utf8' });
    };
    expect(JSON.parse(verifyFile(all).stdout)).toEqual(online);
    expect(verifyFile(all.toSpliced(1, 1))).toMatchObject({ status: 1, stdout: expect.stringContaining('"seq": 2') });
    const changed = all.map((entry) => (entry.seq === 3 ? { ...entry, client_address: '192.0.2.1' } : entry));
    expect((await verifyChain(changed)).broken?.seq).toBe(3);
    const after = all[1] as AuditEntry;
    expect((await verifyChain(all.slice(2), { after })).ok).toBe(true);
  });

  it('holds messages and streams within moments, and what is under way when the server stops', async () => {
    const agent = await platform.deploy();
    const stream = await platform.request(
      'POST',
      `${AGENTS}/${agent}/messages`,
      { message: 'hello' },
      { accept: 'text/event-stream' },
    );
    await until(async () => (await list('operation=agents.messages.send')).length === 1);
    await stream.text();
    await platform.json('POST', `${AGENTS}/${agent}/messages`, { message: 'last words' }, { prefer: 'respond-async' });
    await platform.stop();
    await platform.start();
    const sent = await rows.query(
      `select status, fields from audit_entries where operation = 'agents.messages.send' order by seq`,
    );
    expect(sent).toEqual([
      { status: 200, fields: [] },
      { status: 202, fields: [] },
    ]);
  });

  it('answers no change whose entry cannot be written as done', async () => {
    const agent = await platform.deploy();
    const release = await rows.hold('audit_entries');
    const stopped = await platform.request('POST', `${AGENTS}/${agent}/stop`);
    expect([stopped.status, (await bodyOf(stopped)).code]).toEqual([503, 'unavailable']);
    await release();
    await until(async () => (await list(`resource=${agent}&operation=agents.stop`)).length === 1);
    expect((await verify()).ok).toBe(true);
  });

  it('cannot be changed by the platform’s own role without a trace, and tampering is found', async () => {
    for (const change of [
      'update audit_entries set status = 200 where seq = 2',
      'delete from audit_entries where seq = 2',
      'truncate audit_entries',
      'delete from audit_heads',
    ]) {
      await expect(rows.query(change)).rejects.toThrow(/append-only/);
    }
    const { entries } = await verify();
    const tamper = async (change: string, undo: string) => {
      await rows.query('alter table audit_entries disable trigger all');
      await rows.query('create table kept as select * from audit_entries');
      await rows.query(change);
      const found = await verify();
      await rows.query(undo);
      await rows.query('drop table kept');
      await rows.query('alter table audit_entries enable trigger all');
      return found;
    };
    const restore = 'insert into audit_entries select * from kept on conflict do nothing';
    const changed = await tamper(
      `update audit_entries set outcome = 'denied' where chain = 'wrkspc_default' and seq = 4`,
      `delete from audit_entries where chain = 'wrkspc_default' and seq = 4; ${restore}`,
    );
    expect(changed).toMatchObject({
      ok: false,
      entries: 3,
      broken: { seq: 4, reason: expect.stringMatching(/content/) },
    });
    const removed = await tamper(`delete from audit_entries where chain = 'wrkspc_default' and seq = 2`, restore);
    expect(removed).toMatchObject({
      ok: false,
      entries: 1,
      broken: { seq: 2, reason: expect.stringMatching(/missing/) },
    });
    const cut = await tamper(
      `delete from audit_entries where chain = 'wrkspc_default' and seq > ${entries - 2}`,
      restore,
    );
    expect(cut).toMatchObject({ ok: false, entries: entries - 2, broken: { seq: entries - 1 } });
    expect(await verify()).toMatchObject({ ok: true, entries });
  });
});
