import type { Placement } from '@aaas/contract/placement';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { holdSession } from '../../directories/hold-session.ts';
import { startTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { createSession } from '../../sessions/create-session.ts';
import { changeIntent } from '../../sessions/lifecycle/change-intent.ts';
import { releaseSession } from '../../sessions/lifecycle/release-session.ts';
import { WISHES } from '../../sessions/lifecycle/wishes.ts';
import { findListedSession } from '../../sessions/list-sessions.ts';
import type { SessionContext } from '../../sessions/session-context.ts';
import { addSession, testContext, WORKSPACE } from '../../sessions/testing.ts';
import { claimSessions, countWaiting, findMine } from '../claims/claim-sessions.ts';
import { findOwners } from '../claims/find-owners.ts';
import { takeFromLostNodes } from '../claims/release-lost.ts';
import { holdDirectories } from '../nodes/hold-directories.ts';
import { FleetWatch } from './fleet-watch.ts';
import { describeWants, hasLabels, wantsOf } from './lane.ts';
import { sayHeld } from './say-held.ts';

const TTL = 10_000;
let database: TestDatabase;
let ctx: SessionContext;
let template: { agentId: string; environmentId: string };
beforeAll(async () => {
  database = await startTestDatabase();
  ctx = testContext(database.pool);
  const sessionId = await addSession(ctx, false);
  template = (
    await database.pool.query(
      `select agent_id as "agentId", environment_id as "environmentId" from sessions where id = $1`,
      [sessionId],
    )
  ).rows[0];
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.pool.query('delete from nodes');
  await database.pool.query('update session_heads set owner = null, runnable_at = null, waiting = 0');
});

async function addNode(
  id: string,
  more: { labels?: object; region?: string; capacity?: number; secondsAgo?: number } = {},
) {
  await database.pool.query(
    `insert into nodes (id, roles, version, capacity, pid, labels, region, heartbeat_at)
     values ($1, '{worker}', '', $2, 1, $3, $4, now() - make_interval(secs => $5))`,
    [id, more.capacity ?? 100, more.labels ?? {}, more.region ?? null, more.secondsAgo ?? 0],
  );
}

async function add(placement: Placement | null = null, start = true): Promise<string> {
  const session = { workspaceId: WORKSPACE, ...template, title: null, metadata: {}, version: null, placement, start };
  const made = await createSession(ctx, session);
  if ('missing' in made) throw new Error(made.missing);
  return made.sessionId;
}

function watchOf(nodeId: string, labels: Record<string, string> = {}, region: string | null = null): FleetWatch {
  const bounds = { strategy: 'least-loaded' as const, graceMs: 1_000, failoverMs: 0 };
  return new FleetWatch({ ctx: { ...ctx, region }, nodeId, labels, goneAfterMs: TTL, bounds });
}

async function claimBy(watch: FleetWatch, nodeId: string, slots = 100): Promise<string[]> {
  await watch.look();
  const line = await watch.share();
  const claimed = await claimSessions(ctx.pool, nodeId, slots, new Map(), watch.offer, line?.share ?? null);
  return claimed.map(({ sessionId }) => sessionId);
}

it('reads what the database writes of a placement, and both say alike who may have it', async () => {
  const cases: [Placement | null, Placement | null, string | null, string][] = [
    [null, null, null, ''],
    [{ labels: {} }, null, null, ''],
    [{ labels: { b: '2', a: '1' } }, null, null, 'with a=1, b=2'],
    [{ labels: { a: '1' }, region: 'eu', region_policy: 'require' }, null, 'us', 'with a=1 in region eu'],
    [{ labels: { a: '1' }, region: 'eu', region_policy: 'require' }, { labels: {} }, null, 'in region eu'],
    [{ region: 'eu' }, { region: 'us', region_policy: 'require' }, null, 'in region us'],
    [null, null, 'eu', ''],
  ];
  const nodes = [{}, { a: '1' }, { a: '1', b: '2' }].flatMap((labels) =>
    [null, 'eu', 'us'].map((region) => ({ labels: labels as Record<string, string>, region })),
  );
  for (const [agent, own, home, words] of cases) {
    const { rows } = await ctx.pool.query('select lane_of($1, $2, $3) as lane', [agent, own, home]);
    const { lane } = rows[0];
    const wants = wantsOf(lane);
    expect(describeWants(wants)).toBe(words);
    for (const { labels, region } of nodes) {
      for (const away of [[], [lane]]) {
        const fits = await ctx.pool.query('select lane_fits($1, $2, $3, $4) as fits', [lane, labels, region, away]);
        const near = wants.region === null || wants.region === region || (wants.elsewhere && away.length > 0);
        expect(fits.rows[0].fits, `${lane} ${region}`).toBe(hasLabels({ labels }, wants) && near);
      }
    }
  }
});

it('shares what waits between nodes that claim one after the other, and leaves the rest to them for a moment', async () => {
  await addNode('node_a', { capacity: 10 });
  await addNode('node_b', { capacity: 10 });
  const made = await Promise.all(Array.from({ length: 9 }, () => add()));
  const [a, b] = [watchOf('node_a'), watchOf('node_b')];
  const first = await claimBy(a, 'node_a');
  expect(first).toHaveLength(5);
  expect(await claimBy(a, 'node_a')).toEqual([]);
  const second = await claimBy(b, 'node_b');
  expect([...first, ...second].toSorted()).toEqual(made.toSorted());

  // Asleep they go back to where they ran; and to anybody, when nobody comes.
  await ctx.pool.query('update session_heads set owner = null, runnable_at = now() where owner is not null');
  expect((await claimBy(b, 'node_b')).toSorted()).toEqual(second.toSorted());
  await ctx.pool.query(
    `update session_heads set runnable_at = now() - interval '2 s' where owner is null and runnable_at is not null`,
  );
  expect((await claimBy(b, 'node_b')).toSorted()).toEqual(first.toSorted());
});

it('gives nothing to a node that is late, short of memory or draining', async () => {
  await addNode('node_a', { capacity: 10 });
  for (const [id, seconds] of [
    ['late', 8],
    ['dead', 30],
    ['short', 0],
    ['drains', 0],
  ] as const)
    await addNode(id, { secondsAgo: seconds });
  await ctx.pool.query(`update nodes set load = '{"memory": {"short": true}}' where id = 'short'`);
  await ctx.pool.query(`update nodes set draining_since = now() where id = 'drains'`);
  await Promise.all(Array.from({ length: 6 }, () => add()));
  expect(await claimBy(watchOf('node_a'), 'node_a')).toHaveLength(6);
});

it('sets apart what no node may run, says why, and puts it back when a node comes or it asks no more', async () => {
  await addNode('node_a');
  const view = async (id: string) => findListedSession(ctx.pool, WORKSPACE, id);
  const [gpu, other] = [await add({ labels: { gpu: 'a100' } }), await add({ labels: { gpu: 'h100' } })];
  const plain = await add();
  expect(await claimBy(watchOf('node_a'), 'node_a')).toEqual([plain]);
  expect(await view(gpu)).toMatchObject({
    status: 'starting',
    statusReason: 'no_matching_node',
    statusDetail: 'no node that takes work is one with gpu=a100',
    nextAction: expect.stringContaining('gpu=a100'),
  });
  const line = async () =>
    (await ctx.pool.query('select session_id as id from session_heads where runnable_at is not null and owner is null'))
      .rows;
  expect(await line()).toEqual([]);

  await addNode('node_gpu', { labels: { gpu: 'a100' } });
  const watch = watchOf('node_gpu', { gpu: 'a100' });
  expect(await claimBy(watch, 'node_gpu')).toEqual([gpu]);
  expect(await view(gpu)).toMatchObject({ statusReason: 'matching_node_found', nextAction: null });
  // What is not to run asks nothing: any node carries it out.
  await changeIntent(ctx, { workspaceId: WORKSPACE, sessionId: other }, WISHES.delete);
  expect(await claimBy(watchOf('node_a'), 'node_a')).toEqual([other]);
  // Whoever holds what it may not hold any more is told.
  await ctx.pool.query(`update session_heads set lane = '{"labels": {"gpu": "h100"}}' where session_id = $1`, [gpu]);
  expect(await findMine(ctx.pool, 'node_gpu', watch.offer)).toContainEqual(
    expect.objectContaining({ sessionId: gpu, misplaced: true }),
  );
});

it('keeps sessions in their region, and takes those of a region that is away unless they must not leave it', async () => {
  await addNode('node_us', { region: 'us' });
  await addNode('node_eu', { region: 'eu' });
  const made = [await add({ region: 'eu' }), await add({ region: 'eu', region_policy: 'require' })];
  await ctx.pool.query(`update session_heads set runnable_at = now() - interval '1 min' where session_id = any ($1)`, [
    made,
  ]);
  const us = watchOf('node_us', {}, 'us');
  expect(await claimBy(us, 'node_us')).toEqual([]);
  await ctx.pool.query(`update nodes set heartbeat_at = now() - interval '1 min' where id = 'node_eu'`);
  expect(await claimBy(us, 'node_us')).toEqual([made[0]]);
  expect(await findListedSession(ctx.pool, WORKSPACE, made[1] as string)).toMatchObject({
    statusReason: 'no_matching_node',
    region: 'eu',
  });
});

it('has the idle sessions of a dead node asleep without a place, and those with work in the line at once', async () => {
  await addNode('node_a');
  await addNode('dead', { secondsAgo: 60 });
  const ids = await Promise.all(Array.from({ length: 30 }, () => add(null, false)));
  await ctx.pool.query(
    `update sessions set intent = 'active', sandbox_phase = 'ready', pid = 7, status_since = now() - interval '1 h' where id = any ($1)`,
    [ids],
  );
  await ctx.pool.query(`update session_heads set owner = 'dead', generation = 4 where session_id = any ($1)`, [ids]);
  const [turn, recovering, message, asked, stopped, answered, ...idle] = ids as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  await ctx.pool.query(`update sessions set turn_status = 'running' where id = $1`, [turn]);
  await ctx.pool.query(`update sessions set sandbox_phase = 'recovering' where id = $1`, [recovering]);
  await ctx.pool.query(`update session_heads set waiting = 1 where session_id = $1`, [message]);
  await ctx.pool.query(`update session_heads set runnable_at = now() where session_id = $1`, [asked]);
  await ctx.pool.query(`update sessions set intent = 'stopped' where id = $1`, [stopped]);
  await ctx.pool.query(`update sessions set turn_status = 'waiting' where id = $1`, [answered]);
  const released = await takeFromLostNodes(ctx.pool, 'node_a', TTL);
  expect(released.nodes).toEqual(['dead']);
  expect(released.open.toSorted()).toEqual([turn, recovering, message, asked, stopped].toSorted());
  expect(released.asleep).toHaveLength(25);
  for (const id of [...idle, answered]) {
    const view = await findListedSession(ctx.pool, WORKSPACE, id);
    expect(view).toMatchObject({ status: 'hibernated', statusReason: 'node_lost', pid: null });
    expect(Date.now() - (view?.statusSince.getTime() ?? 0)).toBeLessThan(60_000);
  }
  const heads = await ctx.pool.query(
    'select generation::int, owner, runnable_at is not null as runnable from session_heads where session_id = any ($1)',
    [idle],
  );
  expect(new Set(heads.rows.map((row) => JSON.stringify(row)))).toEqual(
    new Set([JSON.stringify({ generation: 5, owner: null, runnable: false })]),
  );
  const logged = await ctx.pool.query(`select payload from events where session_id = $1 order by seq desc limit 1`, [
    ids[29],
  ]);
  expect(JSON.parse(logged.rows[0].payload)).toMatchObject({ type: 'x.lifecycle', from: 'idle', to: 'hibernated' });
  expect((await takeFromLostNodes(ctx.pool, 'node_a', TTL)).nodes).toEqual([]);
});

it('gives the places that are left first to those whose turn a dead node has left unfinished', async () => {
  await addNode('node_a', { capacity: 2 });
  await addNode('dead', { secondsAgo: 60 });
  const [older, ...ofDead] = await Promise.all(Array.from({ length: 3 }, () => add()));
  await ctx.pool.query(`update session_heads set runnable_at = now() - interval '1 min' where session_id = $1`, [
    older,
  ]);
  await ctx.pool.query(`update session_heads set owner = 'dead' where session_id = any ($1)`, [ofDead]);
  const [, inTurn] = ofDead;
  await ctx.pool.query(`update sessions set turn_status = 'running' where id = $1`, [inTurn]);
  await takeFromLostNodes(ctx.pool, 'node_a', TTL);
  const watch = watchOf('node_a');
  expect(await claimBy(watch, 'node_a', 1)).toEqual([inTurn]);
  expect(await claimBy(watch, 'node_a', 1)).toEqual([older]);
  // The same for one that its node gave up in order, in the midst of its turn.
  await ctx.pool.query(`update session_heads set owner = null where session_id = $1`, [older]);
  const { rows } = await ctx.pool.query(
    'select session_id as "sessionId", generation::int, requested::int from session_heads where session_id = $1',
    [inTurn],
  );
  expect(await releaseSession(ctx, rows[0], rows[0].requested, true)).toBe(true);
  expect(await claimBy(watch, 'node_a', 1)).toEqual([inTurn]);
});

it('sees sessions of a node that died long ago, whatever it was registered as since', async () => {
  await addNode('node_a');
  await addNode('dead', { secondsAgo: 3 * 86_400 });
  await ctx.pool.query(`update nodes set roles = '{api}' where id = 'dead'`);
  const left = await add();
  await ctx.pool.query(`update session_heads set owner = 'dead' where session_id = $1`, [left]);
  expect(await watchOf('node_a').look()).toMatchObject({ lost: true });
  expect((await takeFromLostNodes(ctx.pool, 'node_a', TTL)).open).toEqual([left]);
  expect(await watchOf('node_a').look()).toMatchObject({ lost: false });
});

it('leaves a session to the node that alone has its files, while that one lives and works', async () => {
  await addNode('node_a', { capacity: 1 });
  await addNode('node_b');
  await ctx.pool.query('update nodes set keeps_directories = true');
  const [held, other] = [await add(), await add({ region: 'eu' })];
  await ctx.pool.query(
    `update sessions set directory_node = 'node_a', directory_copy = id, directory_unsaved = true where id = any ($1)`,
    [[held, other]],
  );
  const [a, b] = [watchOf('node_a'), watchOf('node_b', {}, 'eu')];
  const wait = async (sql = '') => {
    await ctx.pool.query(
      `update session_heads set owner = null, held_by = directory_holder(session_id), runnable_at = now() - interval '2 s'
        where session_id = any ($1)`,
      [[held, other]],
    );
    if (sql !== '') await ctx.pool.query(sql);
  };
  await wait();
  expect(await claimBy(b, 'node_b')).toEqual([]);
  expect(await countWaiting(ctx.pool, 100, 'node_b', b.offer)).toEqual({ waiting: 2, others: 2 });
  expect(await countWaiting(ctx.pool, 100, 'node_a', a.offer)).toEqual({ waiting: 2, others: 0 });
  // Each of them says once why it stands there, and a stop needs no files.
  await sayHeld(ctx, 'node_a', 1_000);
  await sayHeld(ctx, 'node_a', 1_000);
  expect(await findListedSession(ctx.pool, WORKSPACE, held)).toMatchObject({
    statusReason: 'directory_held',
    statusDetail: 'its files lie on node_a alone, which has no free place',
  });
  const { rows: said } = await ctx.pool.query(
    `select 1 from events where session_id = $1 and payload::jsonb ->> 'reason' = 'directory_held'`,
    [held],
  );
  expect(said).toHaveLength(1);
  expect(await claimBy(a, 'node_a')).toHaveLength(2);

  await wait();
  await changeIntent(ctx, { workspaceId: WORKSPACE, sessionId: held }, WISHES.stop);
  expect(await claimBy(b, 'node_b')).toEqual([held]);
  await changeIntent(ctx, { workspaceId: WORKSPACE, sessionId: held }, WISHES.start);
  for (const gone of [
    `draining_since = now()`,
    `stopped_at = now()`,
    `heartbeat_at = now() - interval '11 s'`,
    `keeps_directories = false`,
    `roles = '{api}'`,
  ]) {
    await wait(`update nodes set ${gone} where id = 'node_a'`);
    expect((await claimBy(b, 'node_b')).toSorted(), gone).toEqual([held, other].toSorted());
    await ctx.pool.query(
      `update nodes set draining_since = null, stopped_at = null, heartbeat_at = now(), keeps_directories = true,
              roles = '{worker}' where id = 'node_a'`,
    );
  }
  // What has only been looked at is no reason to wait.
  const empty = `update sessions set directory_snapshot = '{"empty": true, "seq": 0}' where id = '${held}'`;
  await ctx.pool.query(empty);
  await wait();
  expect(await claimBy(b, 'node_b')).toEqual([held]);
});

it('holds what has got its first files while nobody owns it, and what lies on a node that loses its store', async () => {
  await addNode('node_a');
  await ctx.pool.query('update nodes set keeps_directories = true');
  const [uploaded, known, stopped] = [await add(), await add(), await add(null, false)];
  const heldBy = async () => {
    const { rows } = await ctx.pool.query(
      `select session_id as id, held_by as holder from session_heads where session_id = any ($1)`,
      [[uploaded, known, stopped]],
    );
    const holders = new Map(rows.map(({ id, holder }) => [id, holder]));
    return [uploaded, known, stopped].map((id) => holders.get(id));
  };
  await ctx.pool.query(`update sessions set directory_node = 'node_a', directory_unsaved = true where id = any ($1)`, [
    [uploaded, known, stopped],
  ]);
  expect(await heldBy()).toEqual(['', '', '']);
  // Nobody owns what no node may run, either.
  await ctx.pool.query(`update session_heads set owner = '-' where session_id = any ($1)`, [[uploaded, known]]);
  expect(await findOwners(ctx.pool, [uploaded])).toEqual(new Map());
  await holdSession(ctx.pool, uploaded);
  expect(await heldBy()).toEqual(['node_a', '', '']);
  await holdDirectories(ctx.pool, 'node_a');
  expect(await heldBy()).toEqual(['node_a', 'node_a', '']);
  await changeIntent(ctx, { workspaceId: WORKSPACE, sessionId: stopped }, WISHES.start);
  expect(await heldBy()).toEqual(['node_a', 'node_a', 'node_a']);
  await ctx.pool.query('update nodes set keeps_directories = false');
  await holdDirectories(ctx.pool, 'node_a');
  expect(await heldBy()).toEqual(['', '', '']);
});
