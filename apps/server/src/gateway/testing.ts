/** For tests of the gateway: a database of their own, a session in it, and a gateway in front of a scripted upstream. */
import { randomUUID } from 'node:crypto';
import { newId } from '@aaas/contract/ids';
import { Settings } from '@aaas/contract/settings';
import { startSimulator } from '@aaas/simulator/start-simulator';
import type pg from 'pg';
import { pino } from 'pino';
import type { Gateway, GatewayOptions } from './gateway-options.ts';
import { startGateway } from './start-gateway.ts';
import { type FakeUpstream, startFakeUpstream } from './testing-upstream.ts';
import { issueToken } from './tokens.ts';

export interface TestSession {
  workspaceId: string;
  agentId: string;
  sessionId: string;
  turnId: string;
}

/** A session in generation 1 with a running turn. */
export async function addSession(
  pool: pg.Pool,
  temperature: number | null = null,
  simulated = false,
): Promise<TestSession> {
  const workspaceId = newId('wrkspc');
  const agentId = newId('agent');
  const environmentId = newId('env');
  const sessionId = newId('sesn');
  await pool.query(`insert into workspaces (id, name, simulated) values ($1, 'test', $2)`, [workspaceId, simulated]);
  await pool.query(`insert into environments (id, workspace_id, name, config) values ($1, $2, 'test', '{}')`, [
    environmentId,
    workspaceId,
  ]);
  await pool.query(`insert into agents (id, workspace_id, name, agent_type) values ($1, $2, 'test', 'general')`, [
    agentId,
    workspaceId,
  ]);
  await pool.query(`insert into agent_versions (agent_id, version, workspace_id, definition) values ($1, 1, $2, $3)`, [
    agentId,
    workspaceId,
    { temperature },
  ]);
  await pool.query(
    `insert into sessions (id, workspace_id, agent_id, agent_version, environment_id, harness, harness_session_id)
     values ($1, $2, $3, 1, $4, 'claude-agent-sdk', $5)`,
    [sessionId, workspaceId, agentId, environmentId, randomUUID()],
  );
  await pool.query(
    `insert into session_heads (session_id, workspace_id, generation, owner) values ($1, $2, 1, 'node_test')`,
    [sessionId, workspaceId],
  );
  const session = { workspaceId, agentId, sessionId };
  return { ...session, turnId: await addTurn(pool, session, 1, 'running') };
}

export async function addTurn(
  pool: pg.Pool,
  session: { workspaceId: string; sessionId: string },
  position: number,
  state: 'queued' | 'running',
): Promise<string> {
  const id = newId('turn');
  await pool.query(
    `insert into turns (id, session_id, workspace_id, position, input_id, state, accepted_at, started_at)
     values ($1, $2, $3, $4, $5, $6, now(), now())`,
    [id, session.sessionId, session.workspaceId, position, newId('sevt'), state],
  );
  return id;
}

export interface LedgerRow {
  id: string;
  workspace_id: string;
  agent_id: string;
  session_id: string;
  turn_id: string | null;
  generation: number;
  upstream: string;
  model: string;
  status: number;
  stop_reason: string | null;
  attempts: number;
  input_tokens: number;
  output_tokens: number;
  uncounted_output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_5m_input_tokens: number;
  cache_creation_1h_input_tokens: number;
  cost_nanousd: number;
  price_version: string | null;
  first_byte_ms: number | null;
  duration_ms: number;
}

const COUNTS = [
  'generation',
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_5m_input_tokens',
  'cache_creation_1h_input_tokens',
  'cost_nanousd',
] as const;

export async function ledgerOf(pool: pg.Pool, sessionId: string): Promise<LedgerRow[]> {
  const { rows } = await pool.query<LedgerRow>('select * from model_requests where session_id = $1 order by at, id', [
    sessionId,
  ]);
  // Whether a bigint comes as a number or as text is a matter of the process.
  for (const row of rows) for (const name of COUNTS) row[name] = Number(row[name]);
  return rows;
}

/** Waits for the ledger of a session to have this many rows. */
export function ledgerWith(pool: pg.Pool, sessionId: string, count: number): Promise<LedgerRow[]> {
  return eventually(async () => {
    const rows = await ledgerOf(pool, sessionId);
    return rows.length >= count ? rows : null;
  });
}

/** The first result of `check` that is neither null nor false; fails after five seconds. */
export async function eventually<T>(check: () => Promise<T | null | false> | T | null | false): Promise<T> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const found = await check();
    if (found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error('it did not come to pass within five seconds');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface TestGateway {
  gateway: Gateway;
  upstream: FakeUpstream;
  log: string[];
  /** In force at once when they are changed. */
  settings: GatewayOptions['settings'];
  token(sessionId: string, generation?: number): string;
  close(): Promise<void>;
}

export const PROVIDER_KEY = 'sk-ant-provider-key-that-no-agent-may-see';

export async function startTestGateway(
  pool: pg.Pool,
  options: Partial<GatewayOptions> & { path?: string; apiKey?: string | null; simulated?: boolean } = {},
): Promise<TestGateway> {
  const upstream = await startFakeUpstream();
  const tokenSecret = Buffer.from('a secret of the tests');
  const { path = '', apiKey = PROVIDER_KEY, simulated = false, settings = Settings.parse({}), ...rest } = options;
  let simulator: ReturnType<typeof startSimulator> | null = null;
  const log: string[] = [];
  const gateway = await startGateway({
    pool,
    log: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
    upstreams: [{ name: 'fake', baseUrl: upstream.url + path, apiKey, simulated }],
    simulator: async () => {
      simulator ??= startSimulator();
      return { name: 'simulator', baseUrl: (await simulator).url, apiKey: null, simulated: true };
    },
    settings,
    tokenSecret,
    ...rest,
  });
  return {
    gateway,
    upstream,
    log,
    settings,
    token: (sessionId, generation = 1) => issueToken(tokenSecret, { sessionId, generation }),
    async close() {
      await gateway.close();
      await (await simulator)?.close();
      await upstream.close();
    },
  };
}
