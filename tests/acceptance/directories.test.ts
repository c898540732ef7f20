import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent, type LogEntry } from '../support/deployed-agent.ts';
import { type Platform, script, startPlatform, until } from '../support/platform.ts';
import { type PostgresServer, startPostgresServer, systemPostgres } from '../support/postgres-server.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { type S3Server, startS3Server } from '../support/s3-server.ts';
import { passableDirectory } from '../support/test-platform.ts';

const bin = systemPostgres();
if (!bin) console.warn('skipped: no system PostgreSQL under /usr/lib/postgresql; install the package postgresql');

it.runIf(process.env.CI)('finds a system PostgreSQL in CI', () => {
  expect(bin).not.toBeNull();
});

const WITHIN_MS = 120_000;
const MOVED = 'your session moved to another machine';
const bash = (command: string) => script([{ tool: 'Bash', input: { command } }, { text: '{{tool_result}}' }]);

/** The same agent, asked through another node. */
function through(agent: DeployedAgent, node: Platform) {
  const path = agent.path;
  return {
    say: async (message: string): Promise<string> =>
      (await node.json('POST', `${path}/messages`, { message })).response,
    view: () => node.json('GET', path),
    restored: async (): Promise<LogEntry[]> => {
      const { data } = await node.json('GET', `${path}/events?limit=1000`);
      return data.filter((event: LogEntry) => event.type === 'x.workspace_restored');
    },
    file: (name: string) => node.request('GET', `${path}/files/${name}`),
  };
}

describe.skipIf(!bin)('a directory whose node is gone', () => {
  let top: string;
  let database: PostgresServer;
  let client: pg.Client;
  let upstream: RecordingUpstream;
  let s3: S3Server;
  const nodes: Platform[] = [];
  beforeAll(async () => {
    top = passableDirectory();
    database = await startPostgresServer(bin as string);
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    upstream = await startRecordingUpstream();
    s3 = await startS3Server();
  });
  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.dispose()));
  });
  afterAll(async () => {
    await client?.end();
    await s3?.close();
    await upstream?.close();
    await database?.close();
    rmSync(top, { recursive: true, force: true });
  });

  /** A node with a directory of its own, which a later one of the same name finds again. */
  async function startNode(name: string, env: Record<string, string> = {}): Promise<Platform> {
    const node = await startPlatform({
      ...{ DATABASE_URL: database.url, DATA_DIR: join(top, name), API_KEY: 'aaas_directories-test-admin-key' },
      ...{ ANTHROPIC_BASE_URL: upstream.url, LEASE_TTL: '4', LEASE_MARGIN: '2', SNAPSHOT_INTERVAL: '1' },
      ...env,
    });
    nodes.push(node);
    return node;
  }

  /** Until the last turn is in the store. */
  async function isStored(node: Platform, agent: DeployedAgent, clean: boolean): Promise<void> {
    await until(async () => {
      const { rows } = await client.query('select directory_unsaved as unsaved from sessions where id = $1', [
        agent.sessionId,
      ]);
      const { directory_snapshot: taken } = await through(agent, node).view();
      return !rows[0].unsaved && taken?.stored?.clean === clean;
    }, 30_000);
  }

  it(
    'comes back from a bucket: killed, drained, and on the node that had it before',
    async () => {
      const first = await startNode('one', s3.env);
      const agent = await deployAgent(first, { name: 'wanderer' });
      const made =
        'mkdir -p d/e && echo one > d/e/note && chmod 600 d/e/note && ln -s /usr/bin/env env && ln -s d/e/note link';
      await agent.say(bash(made));
      await isStored(first, agent, false);
      const uploads = () => s3.asked.filter((line) => line.startsWith('PUT') && line.includes(agent.sessionId)).length;
      expect(uploads()).toBe(1);
      // Nothing new: nothing is sent.
      await agent.say('hello');
      await isStored(first, agent, false);
      expect(uploads()).toBe(1);

      await first.crash();
      const second = await startNode('two', s3.env);
      const onSecond = through(agent, second);
      const look = "cat d/e/note link; readlink env; stat -c '%a %U' d/e/note; echo two > d/e/two";
      const answer = await onSecond.say(bash(look));
      expect(answer).toMatch(/one\none\n\/usr\/bin\/env\n600 /);
      const [killed] = await onSecond.restored();
      // It lived when its node was killed: something may be missing.
      expect(killed).toMatchObject({ lost: true, snapshot: { files: 1, id: expect.stringMatching(/^snap_/) } });
      expect(killed?.snapshot.seq).toBeLessThan(killed?.seq as number);
      expect(killed?.from_node).not.toBe(killed?.node);
      const told = upstream.requests.filter(({ text }) => text.includes(MOVED));
      expect(told.at(-1)?.text).toContain(`restored from a snapshot of ${killed?.snapshot.taken_at}`);
      expect(told.at(-1)?.text).toContain('Changes after that may be missing');
      // Told once: later requests repeat the conversation, and no message has it again.
      await onSecond.say('again');
      const last = upstream.requests.findLast(({ text }) => text.includes('again'));
      expect(last?.text.split(MOVED)).toHaveLength(2);

      await onSecond.say(bash('echo three > three'));
      expect(await second.stop()).toBe(0);
      // The first node has a copy of another time, which must not be taken for the directory.
      expect(existsSync(join(first.dataDir, 'sessions', agent.sessionId, 'work/d/e/note'))).toBe(true);
      await first.start();
      const onFirst = through(agent, first);
      const seen = await onFirst.say(bash('cat d/e/two three'));
      expect(seen).toBe('two\nthree');
      // It was drained in order: all is there.
      expect((await onFirst.restored()).at(-1)).toMatchObject({ lost: false, from_node: killed?.node });
      expect(await onFirst.restored()).toHaveLength(2);

      // Two archives are kept, and none of an agent that is deleted.
      await onFirst.say(bash('echo four > four'));
      await isStored(first, agent, false);
      const keys = async () =>
        (await client.query('select key, state from directory_archives where session_id = $1', [agent.sessionId])).rows;
      await until(async () => (await keys()).length === 2);
      await first.json('DELETE', agent.path);
      await until(async () => (await keys()).every(({ state }) => state === 'doomed'));
    },
    WITHIN_MS,
  );

  it(
    'is taken over for whoever asks for a file',
    async () => {
      const archives = join(top, 'volume');
      mkdirSync(archives);
      const env = { DIRECTORY_STORE: `file://${archives}` };
      const first = await startNode('three', env);
      const agent = await deployAgent(first);
      await agent.say(bash('echo kept > kept'));
      await agent.order('hibernate');
      await agent.reaches('hibernated');
      // Files that come while it sleeps are stored as well.
      await first.request('PUT', `${agent.path}/files/later`, 'later');
      await isStored(first, agent, true);
      const second = await startNode('four', env);
      const onSecond = through(agent, second);
      // The node that has it lives: it is asked.
      expect(await (await onSecond.file('kept')).text()).toBe('kept\n');
      expect(existsSync(join(second.dataDir, 'sessions', agent.sessionId))).toBe(false);
      await first.stop();
      // It may take a moment until the others know.
      await until(async () => (await onSecond.file('kept')).ok);
      expect(await (await onSecond.file('kept')).text()).toBe('kept\n');
      expect(await (await onSecond.file('later')).text()).toBe('"later"');
      await until(async () => (await onSecond.restored()).length === 1);
      expect(await onSecond.restored()).toMatchObject([{ lost: false, snapshot: { files: 2 } }]);
      expect(await onSecond.say(bash('cat kept later'))).toBe('kept\n"later"');
      expect(upstream.requests.findLast(({ text }) => text.includes('cat kept later'))?.text).toContain(MOVED);

      // An archive that is not what was stored: the start says so, and nothing of it is there.
      await onSecond.say(bash('echo more > more'));
      await second.stop();
      const damaged = readdirSync(archives, { recursive: true, encoding: 'utf8' }).filter(
        (name) => name.includes(agent.sessionId) && name.endsWith('.zst'),
      );
      const intact = new Map(damaged.map((name) => [name, readFileSync(join(archives, name))]));
      for (const [name, content] of intact)
        writeFileSync(join(archives, name), content.subarray(0, content.length - 1));
      await first.start();
      const onFirst = through(agent, first);
      const turn = await first.json(
        'POST',
        `${agent.path}/messages`,
        { message: bash('cat more') },
        { prefer: 'respond-async' },
      );
      const steps = async () => (await first.json('GET', `${agent.path}/timeline?limit=1000`)).data;
      const findFailed = async () =>
        (await steps()).findLast((step: { reason: string }) => step.reason === 'start_failed');
      await until(async () => (await findFailed()) !== undefined, 30_000);
      const failed = await findFailed();
      expect(failed.start.failed_step).toBe('directory');
      expect(failed.detail).toContain('SHA-256');
      expect(existsSync(join(first.dataDir, 'sessions', agent.sessionId, 'work/more'))).toBe(false);
      expect((await onFirst.file('kept')).status).toBe(503);
      // Where the store lies is the operator's to know.
      expect(JSON.stringify(failed)).not.toContain('archives');
      expect(first.output()).toContain(archives);
      // Once it is there again, the recovery finds it.
      for (const [name, content] of intact) writeFileSync(join(archives, name), content);
      const ended = `${agent.path}/turns/${turn.turn_id}`;
      await until(async () => (await first.json('GET', ended)).state === 'completed', 30_000);
      expect((await first.json('GET', ended)).response).toBe('more');
    },
    WITHIN_MS,
  );

  it(
    'is lost without a store, and the model is told',
    async () => {
      const first = await startNode('five');
      const agent = await deployAgent(first);
      await agent.say(bash('echo gone > gone'));
      await first.stop();
      const second = await startNode('six');
      expect(await through(agent, second).say(bash('ls -A; pwd'))).toBe(
        join(second.dataDir, 'sessions', agent.sessionId, 'work'),
      );
      expect(await through(agent, second).restored()).toMatchObject([{ snapshot: null, lost: true }]);
      expect(upstream.requests.findLast(({ text }) => text.includes('ls -A'))?.text).toContain(
        'could not be brought along',
      );
    },
    WITHIN_MS,
  );

  it(
    'is waited for without a store while its node lives, full as that may be, and given up when it dies',
    async () => {
      const first = await startNode('nine', { MAX_AGENTS: '1', WARM_POOL_MEMORY_PERCENT: '0' });
      const agent = await deployAgent(first);
      await agent.say(bash('echo kept > kept'));
      const busy = await deployAgent(first, { name: 'busy' });
      await busy.say('hello');
      await agent.reaches('hibernated');
      const second = await startNode('ten');
      const onSecond = through(agent, second);
      const working = busy.say(script([{ wait_ms: 3_000 }, { text: 'done' }]));
      await busy.reaches('running');
      const answer = onSecond.say(bash('cat kept'));
      await until(async () => (await onSecond.view()).status_reason === 'directory_held', 5_000);
      // The other one has room, and runs whatever is nowhere yet.
      const elsewhere = await deployAgent(second, { name: 'elsewhere' });
      expect((await elsewhere.say('hello')).response).toContain('hello');
      expect((await working).response).toBe('done');
      expect(await answer).toBe('kept');
      expect(await onSecond.restored()).toEqual([]);

      await first.crash();
      expect(await onSecond.say(bash('test -e kept || echo gone'))).toBe('gone');
      expect(await onSecond.restored()).toMatchObject([{ snapshot: null, lost: true }]);
    },
    WITHIN_MS,
  );

  it(
    'is where it was on storage that the nodes share',
    async () => {
      const common = join(top, 'common');
      mkdirSync(common, { mode: 0o711 });
      const env = { DIRECTORY_STORE: 'shared' };
      for (const name of ['seven', 'eight']) {
        mkdirSync(join(top, name), { mode: 0o711 });
        symlinkSync(common, join(top, name, 'sessions'));
      }
      const first = await startNode('seven', { ...env, WARM_POOL_MEMORY_PERCENT: '10', MIN_AGENTS: '1' });
      const cells = () => readdirSync(common).filter((name) => name.startsWith('cell_'));
      await until(() => cells().length > 0);
      const agent = await deployAgent(first);
      await agent.say(bash('echo ours > ours; chmod 600 ours'));
      const second = await startNode('eight', env);
      // What belongs to the other node stays.
      expect(cells().length).toBeGreaterThan(0);
      expect(await (await through(agent, second).file('ours')).text()).toBe('ours\n');
      await first.stop();
      expect(await through(agent, second).say(bash('cat ours; echo too >> ours; cat ours'))).toBe('ours\nours\ntoo');
      expect(await through(agent, second).restored()).toEqual([]);
    },
    WITHIN_MS,
  );
});
