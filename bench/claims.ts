// What a claim costs in the database: alone, and as one of several nodes that share what waits.
// Prints the fastest tenth: the rest is what else the machine has to do. Usage: node bench/claims.ts

import { claimSessions } from '../apps/server/src/fleet/claims/claim-sessions.ts';
import { FleetWatch } from '../apps/server/src/fleet/placement/fleet-watch.ts';
import { startTestDatabase } from '../apps/server/src/postgres/test-database.ts';
import { addSession, testContext } from '../apps/server/src/sessions/testing.ts';
import { newId } from '../packages/contract/src/ids.ts';

const ROUNDS = 200;
const WORKSPACES = 20;
const OWNED = 100;

const database = await startTestDatabase();
const ctx = testContext(database.pool);
const template = await addSession(ctx, false);
await ctx.pool.query(
  `insert into workspaces (id, name) select 'wrkspc_bench' || n, 'bench' from generate_series(1, $1::int) n`,
  [WORKSPACES],
);

for (const nodes of [1, 2, 3, 10]) {
  await ctx.pool.query('delete from nodes');
  for (let n = 1; n <= nodes; n++) {
    await ctx.pool.query(
      `insert into nodes (id, roles, version, capacity, pid) values ($1, '{worker}', '', 10000, 1)`,
      [`node_${n}`],
    );
  }
  for (const waiting of [0, 1, 100, 10_000]) {
    for (const age of waiting === 0 ? ['-'] : ['just now', 'for long']) {
      await fill(nodes, waiting, age === 'just now' ? '0.1 s' : '1 h');
      const bounds = { strategy: 'least-loaded' as const, graceMs: 60_000, failoverMs: 1_000 };
      const watch = new FleetWatch({ ctx, nodeId: 'node_1', labels: {}, goneAfterMs: 3_600_000, bounds });
      await watch.look();
      const look = fastTenth(await times(ROUNDS, () => watch.look()));
      const taken: number[] = [];
      const claims: number[] = [];
      for (let n = 0; n < ROUNDS; n++) {
        const began = performance.now();
        const line = await watch.share();
        const share = line && { ...line.share, mine: line.share.mine.slice(0, 1) };
        const claimed = line?.nothing ? [] : await claimSessions(ctx.pool, 'node_1', 1, new Map(), watch.offer, share);
        claims.push(performance.now() - began);
        taken.push(claimed.length);
        const ids = claimed.map(({ sessionId }) => sessionId);
        await ctx.pool.query('update session_heads set owner = null where session_id = any ($1)', [ids]);
      }
      const claim = fastTenth(claims);
      console.log(
        `nodes ${nodes} · waiting ${waiting} ${age} · claim of ${Math.max(...taken)}: ${claim.toFixed(2)} ms · look, each second: ${look.toFixed(2)} ms`,
      );
    }
  }
}
await database.close();

/** Each node owns a hundred; those that wait are of twenty workspaces. */
async function fill(nodes: number, waiting: number, since: string): Promise<void> {
  await ctx.pool.query(`delete from sessions where id like 'sesn_bench%'`);
  await ctx.pool.query(
    `with added as (
       insert into sessions (id, workspace_id, agent_id, agent_version, environment_id, harness, harness_session_id)
       select 'sesn_bench' || $5 || n, 'wrkspc_bench' || (1 + n % ${WORKSPACES}), agent_id, 1, environment_id, harness, gen_random_uuid()
         from sessions, generate_series(1, $1::int * ${OWNED} + $2::int) n where id = $4
       returning id, workspace_id), numbered as (select *, row_number() over () as n from added)
     insert into session_heads (session_id, workspace_id, owner, runnable_at)
     select id, workspace_id, case when n <= $1::int * ${OWNED} then 'node_' || (1 + n % $1::int) end,
            case when n > $1::int * ${OWNED} then now() - $3::interval - n * interval '1 microsecond' end from numbered`,
    [nodes, waiting, since, template, newId('sesn')],
  );
  await ctx.pool.query('vacuum analyze sessions, session_heads');
}

async function times(count: number, work: () => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let n = 0; n < count; n++) {
    const began = performance.now();
    await work();
    all.push(performance.now() - began);
  }
  return all;
}

function fastTenth(all: number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 10)] ?? Number.NaN;
}
