import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@aaas/client/create-client';
import pg from 'pg';
import { fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type Nginx, startNginx, systemNginx } from '../support/nginx.ts';
import { type Platform, script, startPlatform, until } from '../support/platform.ts';
import { type PostgresServer, startPostgresServer, systemPostgres } from '../support/postgres-server.ts';
import { hasRedis, type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { passableDirectory } from '../support/test-platform.ts';

// The long one: FLEET_AGENTS=300 FLEET_SECONDS=300 npx vitest run tests/chaos/fleet.test.ts
const AGENTS = Number(process.env.FLEET_AGENTS ?? 6);
const SECONDS = Number(process.env.FLEET_SECONDS ?? 20);
const STREAMS = Math.min(AGENTS, 20);
const PLACES = Math.max(4, Math.min(Math.ceil(AGENTS / 6), 15));
const LEASE_TTL = 10;
const BLOW_EVERY_MS = 3_000;
/** How long whoever is struck stays away: often longer than a lease, often not. */
const AWAY_MS = [2_000, 20_000] as const;
/** PostgreSQL and other nodes may be struck meanwhile. */
const RESUMES_WITHIN_MS = 120_000;
/** A PostgreSQL that 300 agents wait for takes its time to come back. */
const STARTS_WITHIN_MS = 120_000;
const SETTLES_WITHIN_MS = 120_000 + AGENTS * 1_000;
const API_KEY = 'aaas_fleet-chaos-test-admin-key';

const bin = systemPostgres();
const nginxProgram = systemNginx();
const missing = [
  ...(bin ? [] : ['postgresql']),
  ...(nginxProgram ? [] : ['nginx']),
  ...(hasRedis() ? [] : ['redis-server']),
];
if (missing.length > 0) console.warn(`skipped: install ${missing.join(', ')}`);

it.runIf(process.env.CI)('finds PostgreSQL, nginx and Redis in CI', () => {
  expect(missing).toEqual([]);
});

type Role = 'api' | 'worker' | 'gateway';

interface Member {
  role: Role;
  platform: Platform;
  /** Its way to PostgreSQL. */
  proxy: FaultProxy;
  nodeId(): string;
  /** Something is being done to it. */
  struck: boolean;
}

describe.skipIf(missing.length > 0)('2 API nodes, 3 workers and 2 gateways behind nginx', () => {
  let database: PostgresServer;
  let redis: RedisServer;
  let nginx: Nginx;
  let client: pg.Pool;
  const members: Member[] = [];
  const store = passableDirectory();

  beforeAll(async () => {
    database = await startPostgresServer(bin as string, { max_connections: '300' });
    redis = await startRedisServer();
    client = new pg.Pool({ connectionString: database.url, max: 2 });
    client.on('error', () => {});
    // The first one makes the tables.
    members.push(await enrol('gateway'));
    const others: Role[] = ['gateway', 'worker', 'worker', 'worker', 'api', 'api'];
    members.push(...(await Promise.all(others.map(enrol))));
    const apis = members.filter(({ role }) => role === 'api').map(({ platform }) => platform.url);
    nginx = await startNginx(nginxProgram as string, apis);
  }, 180_000);
  afterAll(async () => {
    await nginx?.close();
    await Promise.all(
      members.map(async ({ platform, proxy }) => {
        await proxy.restore();
        await platform.dispose();
        await proxy.close();
      }),
    );
    await client?.end();
    await redis?.close();
    await database?.close();
  }, 180_000);

  async function enrol(role: Role): Promise<Member> {
    const proxy = await startFaultProxy(database.port);
    const url = new URL(database.url);
    url.port = String(proxy.port);
    const platform = await startPlatform({
      ROLES: role,
      DATABASE_URL: url.href,
      REDIS_URL: redis.url,
      DIRECTORY_STORE: `file://${store}`,
      LEASE_TTL: String(LEASE_TTL),
      MAX_AGENTS: String(PLACES),
      HEALTH_CHECK_INTERVAL: '3',
      MAX_RECOVERY_ATTEMPTS: '50',
      AGENT_IDLE_TIMEOUT: '30',
      LOG_LEVEL: 'error',
      ...(role === 'api' ? { API_KEY } : {}),
    });
    const nodeId = () => readFileSync(join(platform.dataDir, 'node.id'), 'utf8').trim();
    return { role, platform, proxy, nodeId, struck: false };
  }

  it(`loses nothing of ${AGENTS} agents in ${SECONDS} s of kills, stops and cuts`, {
    timeout: SECONDS * 1_000 + SETTLES_WITHIN_MS * 3,
  }, async () => {
    const over = (input: string | URL | Request, init?: RequestInit) =>
      undiciFetch(input as string, { ...init, dispatcher: nginx.dispatcher } as never) as unknown as Promise<Response>;
    const patience = { attempts: 1_000, firstDelayMs: 100, maxDelayMs: 1_000 };
    const aaas = createClient({
      baseUrl: nginx.url,
      apiKey: API_KEY,
      fetch: over as typeof fetch,
      retries: patience,
      reconnects: patience,
    });
    const agents: Talk[] = [];
    for (let n = 0; n < AGENTS; n++) {
      const { agent_id: id } = await aaas.agents.create({ agent_type: 'code' });
      const { session_id: sessionId } = await aaas.agents.get(id);
      agents.push({ id, sessionId: sessionId as string, turns: [] });
    }

    const ending = new AbortController();
    const reconnects = { count: 0 };
    const streams = agents.slice(0, STREAMS).map((agent) => watch(aaas, agent.id, ending.signal, reconnects));
    const deadline = Date.now() + SECONDS * 1_000;
    const blows: Record<string, number> = {};
    const takeovers: Takeovers = { taken: [], resumed: [], late: 0 };
    const striking = strikeUntil(deadline, blows, takeovers);
    await Promise.all(agents.map((agent) => talk(aaas, agent, deadline))).catch((error: unknown) => {
      throw new Error(`somebody could not talk on; the nodes said:\n${faults().join('\n')}`, { cause: error });
    });
    await striking;

    const began = performance.now();
    for (const agent of agents) await settle(aaas, agent.id);
    const settledMs = performance.now() - began;
    let messages = 0;
    for (const agent of agents) messages += await check(aaas, agent);
    for (const [index, stream] of streams.entries()) {
      const agent = agents[index] as Talk;
      const { rows } = await client.query('select last_seq::int as last from session_heads where session_id = $1', [
        agent.sessionId,
      ]);
      await until(() => (stream.seen.at(-1) ?? 0) >= rows[0].last, 60_000);
      // Each event once and in order, whoever was asked for it.
      expect(stream.seen).toEqual(stream.seen.map((_, position) => position + 1));
    }
    ending.abort();
    expect(faults()).toEqual([]);
    console.log(
      JSON.stringify({
        agents: AGENTS,
        seconds: SECONDS,
        messages,
        ...blows,
        stream_reconnects: reconnects.count,
        takeovers: takeovers.taken.length,
        takeover_p50_ms: quantile(takeovers.taken, 0.5),
        takeover_p95_ms: quantile(takeovers.taken, 0.95),
        resumed_p50_ms: quantile(takeovers.resumed, 0.5),
        resumed_p95_ms: quantile(takeovers.resumed, 0.95),
        resumed_late: takeovers.late,
        settled_ms: Math.round(settledMs),
      }),
    );
  });

  /** What no blow excuses. */
  function faults(): string[] {
    const lines = members.flatMap(({ platform }) => platform.output().split('\n'));
    return lines.filter((line) => line.includes('Something failed inside the platform'));
  }

  /** Every few seconds somebody is struck, and comes back by and by. Resolves when all are back. */
  async function strikeUntil(deadline: number, blows: Record<string, number>, takeovers: Takeovers): Promise<void> {
    const recovering: Promise<void>[] = [];
    let round = 0;
    while (Date.now() < deadline) {
      await sleep(BLOW_EVERY_MS * (0.5 + Math.random()));
      round++;
      if (round % 12 === 5) recovering.push(restartStore('redis', blows, restartRedis));
      else if (round % 12 === 9) recovering.push(restartStore('postgres', blows, () => database.restart()));
      else recovering.push(strike(blows, takeovers));
    }
    await Promise.all(recovering);
  }

  async function restartRedis(): Promise<void> {
    await redis.kill();
    await sleep(2_000);
    await redis.start();
  }

  async function restartStore(name: string, blows: Record<string, number>, restart: () => Promise<void>) {
    blows[name] = (blows[name] ?? 0) + 1;
    await restart();
  }

  async function strike(blows: Record<string, number>, takeovers: Takeovers): Promise<void> {
    const whole = members.filter(({ struck }) => !struck);
    const victim = whole[Math.floor(Math.random() * whole.length)];
    if (!victim) return;
    const kind = ['kill', 'stop', 'cut'][Math.floor(Math.random() * 3)] as 'kill' | 'stop' | 'cut';
    const name = `${kind}_${victim.role}`;
    blows[name] = (blows[name] ?? 0) + 1;
    victim.struck = true;
    const [least, most] = AWAY_MS;
    const awayMs = least + Math.random() * (most - least);
    const measuring = victim.role === 'worker' ? measureTakeover(victim, awayMs, takeovers) : null;
    if (kind === 'kill') await victim.platform.crash();
    else if (kind === 'stop') signal(victim, 'SIGSTOP');
    else victim.proxy.silence();
    await sleep(awayMs);
    if (kind === 'kill') await startPatiently(victim);
    else if (kind === 'stop') signal(victim, 'SIGCONT');
    else await victim.proxy.restore();
    victim.struck = false;
    await measuring;
  }

  function signal({ platform, role }: Member, name: NodeJS.Signals): void {
    try {
      process.kill(platform.pid, name);
    } catch (error) {
      throw new Error(`a node with the role ${role} ended by itself:\n${platform.output().slice(-4_000)}`, {
        cause: error,
      });
    }
  }

  /** As a supervisor does: a node that starts while PostgreSQL is away ends, and is started again. */
  async function startPatiently({ platform }: Member): Promise<void> {
    for (const deadline = Date.now() + STARTS_WITHIN_MS; ; ) {
      try {
        return await platform.start();
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await platform.crash();
        await sleep(1_000);
      }
    }
  }

  /** What becomes of the turns of a worker that stays away for longer than its lease. */
  async function measureTakeover(victim: Member, awayMs: number, takeovers: Takeovers): Promise<void> {
    if (awayMs < (LEASE_TTL + 2) * 1_000) return;
    const began = Date.now();
    const owned = await client
      .query(
        `select h.session_id, h.generation::int from session_heads h join sessions s on s.id = h.session_id
          where h.owner = $1 and s.turn_status = 'running'`,
        [victim.nodeId()],
      )
      .catch(() => null);
    const before = new Map<string, number>((owned?.rows ?? []).map((row) => [row.session_id, row.generation]));
    const taken = new Set<string>();
    while (before.size > 0 && Date.now() - began < RESUMES_WITHIN_MS) {
      await sleep(100);
      const now = await client
        .query(
          `select session_id, generation::int, owner is null and runnable_at is null as rests
             from session_heads where session_id = any ($1)`,
          [[...before.keys()]],
        )
        .catch(() => null);
      for (const { session_id: id, generation, rests } of now?.rows ?? []) {
        // Taking a session and running it begin a generation each.
        const passed = generation - (before.get(id) as number);
        if (passed >= 1 && !taken.has(id)) {
          taken.add(id);
          takeovers.taken.push(Date.now() - began);
        }
        if (passed >= 2) takeovers.resumed.push(Date.now() - began);
        // Its turn may have ended just before the blow.
        if (passed >= 2 || rests) before.delete(id);
      }
    }
    takeovers.late += before.size;
  }
});

/** Of sessions in the midst of a turn, from the blow at their node on, in milliseconds. */
interface Takeovers {
  /** Until they were taken from it. */
  taken: number[];
  /** Until another, or the same in its next life, ran them: while all places are taken they wait for one. */
  resumed: number[];
  /** Those that nobody had run in good time. */
  late: number;
}

type Client = ReturnType<typeof createClient>;

interface Talk {
  id: string;
  sessionId: string;
  turns: string[];
}

function messageOf(turn: number): string {
  const text = `message ${turn}`;
  if (turn % 3 === 0) return text;
  if (turn % 3 === 1) return script([{ wait_ms: 300 }], text);
  const command = `sleep 0.3; echo ${turn} >> turns.txt`;
  return script([{ text: 'Let me see.' }, { tool: 'Bash', input: { command } }], text);
}

async function talk(aaas: Client, agent: Talk, deadline: number): Promise<void> {
  for (let turn = 1; Date.now() < deadline; turn++) {
    const idempotencyKey = `turn-${turn}`;
    const { turn_id: id } = await aaas.messages.sendAsync(agent.id, messageOf(turn), { idempotencyKey });
    agent.turns.push(id);
    while (Date.now() < deadline) {
      const { state } = await aaas.turns.get(agent.id, id);
      if (state !== 'queued' && state !== 'running') break;
      await sleep(200);
    }
    await sleep(Math.random() * 500);
  }
}

/** Follows the log from its begin, over whatever happens. */
function watch(aaas: Client, id: string, signal: AbortSignal, reconnects: { count: number }): { seen: number[] } {
  const seen: number[] = [];
  const onReconnect = () => {
    reconnects.count++;
  };
  void (async () => {
    for await (const event of aaas.events.stream(id, { after: 0, signal, onReconnect })) {
      if ('seq' in event && typeof event.seq === 'number') seen.push(event.seq);
    }
  })().catch(() => {});
  return { seen };
}

async function settle(aaas: Client, id: string): Promise<void> {
  await until(async () => {
    const { status, status_reason: reason, messages_waiting: waiting } = await aaas.agents.get(id);
    if (status !== 'error') return (status === 'idle' || status === 'hibernated') && waiting === 0;
    expect(reason).toBe('attempts_used_up');
    await aaas.agents.start(id);
    return false;
  }, SETTLES_WITHIN_MS);
}

/** Every accepted message was answered once, in order, and the log has no gap. @returns how many there were. */
async function check(aaas: Client, agent: Talk): Promise<number> {
  const messages: { turn_id: string; message: string; response: string | null; state: string }[] = [];
  for await (const message of aaas.messages.list(agent.id, { limit: 100 })) messages.push(message as never);
  expect(messages.map(({ turn_id }) => turn_id)).toEqual(agent.turns);
  for (const [index, { message, response, state }] of messages.entries()) {
    expect(message).toBe(messageOf(index + 1));
    if (state === 'completed') expect(response?.trim()).toBe(`Simulated reply ${index + 1}: message ${index + 1}`);
    else expect(state).toBe('failed');
  }
  const log: { seq: number; id: string; type: string; tool_use_id?: string }[] = [];
  for await (const event of aaas.events.list(agent.id, { limit: 1_000 })) log.push(event as never);
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
  expect(new Set(log.map(({ id }) => id)).size).toBe(log.length);
  const uses = log.filter(({ type }) => type === 'agent.tool_use').map(({ id }) => id);
  const results = log.filter(({ type }) => type === 'agent.tool_result').map((event) => event.tool_use_id as string);
  expect(results.toSorted()).toEqual(uses.toSorted());
  // A tool that may have acted is never repeated: what it wrote is there once, or was lost with its node.
  const lines = await linesOf(aaas, agent.id);
  expect(new Set(lines).size).toBe(lines.length);
  return messages.length;
}

async function linesOf(aaas: Client, id: string): Promise<string[]> {
  const files = await aaas.files.read(id, 'turns.txt').catch(() => null);
  return files ? (await files.text()).split('\n').filter(Boolean) : [];
}

function quantile(values: number[], q: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? null;
}
