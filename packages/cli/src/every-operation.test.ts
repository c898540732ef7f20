import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openapiDocument } from '../../client/scripts/openapi-document.ts';
import { createProgram } from './program.ts';

const AGENT = `agent_${'1'.repeat(24)}`;
const SESSION = 'sesn_1';
const KEY = 'apikey_1';
const WORKSPACE = 'wrkspc_1';
const FILE = join(tmpdir(), `aaas-operations-${process.pid}.txt`);

/** The command for each operation of the API. */
const COMMANDS: Record<string, string> = {
  'GET /api/v1/agent-types': 'agent-types',
  'GET /api/v1/models': 'models',
  'POST /api/v1/agents': 'agents create',
  'GET /api/v1/agents': 'agents list',
  'GET /api/v1/agents/{agent_id}': `agents get ${AGENT}`,
  'PATCH /api/v1/agents/{agent_id}': `agents edit ${AGENT} --name other`,
  'DELETE /api/v1/agents/{agent_id}': `agents rm ${AGENT}`,
  'POST /api/v1/agents/bulk': `agents bulk stop ${AGENT}`,
  'POST /api/v1/agents/import': `agents import ${FILE}`,
  'GET /api/v1/agents/{agent_id}/export': `agents export ${AGENT}`,
  'GET /api/v1/agents/{agent_id}/versions': `agents versions ${AGENT}`,
  'GET /api/v1/agents/{agent_id}/versions/{version}': `agents versions ${AGENT} --show 1`,
  'POST /api/v1/agents/{agent_id}/rollback': `agents rollback ${AGENT} 1`,
  ...lifecycle('agents', '{agent_id}', AGENT),
  'POST /api/v1/sessions': `sessions create ${AGENT}`,
  'GET /api/v1/sessions': 'sessions list',
  'GET /api/v1/sessions/{session_id}': `sessions get ${SESSION}`,
  'PATCH /api/v1/sessions/{session_id}': `sessions edit ${SESSION} --title other`,
  'DELETE /api/v1/sessions/{session_id}': `sessions rm ${SESSION}`,
  ...lifecycle('sessions', '{session_id}', SESSION),
  ...conversation('/api/v1/agents/{agent_id}', AGENT),
  ...conversation('/api/v1/sessions/{session_id}', SESSION),
  'POST /api/v1/query': 'query hello',
  'GET /api/v1/query': 'query list',
  'GET /api/v1/query/{query_id}': 'query get query_1',
  'GET /api/v1/approvals': 'approvals list',
  'GET /api/v1/approvals/{approval_id}': 'approvals get sevt_1',
  'POST /api/v1/approvals/{approval_id}': 'approve sevt_1',
  'GET /api/v1/usage': 'usage',
  'GET /api/v1/budgets': 'budgets',
  'PUT /api/v1/budgets': 'budgets set --total-usd 1',
  'DELETE /api/v1/budgets': 'budgets clear',
  'GET /api/v1/workspaces/{workspace_id}/budget': `budgets get --workspace ${WORKSPACE}`,
  'PUT /api/v1/workspaces/{workspace_id}/budget': `budgets set --total-usd 1 --workspace ${WORKSPACE}`,
  'DELETE /api/v1/workspaces/{workspace_id}/budget': `budgets clear --workspace ${WORKSPACE}`,
  'POST /api/v1/keys': 'keys create name',
  'GET /api/v1/keys': 'keys list',
  'GET /api/v1/keys/{key_id}': `keys get ${KEY}`,
  'PATCH /api/v1/keys/{key_id}': `keys edit ${KEY} --name other`,
  'DELETE /api/v1/keys/{key_id}': `keys revoke ${KEY}`,
  'POST /api/v1/keys/{key_id}/rotate': `keys rotate ${KEY}`,
  'POST /api/v1/workspaces': 'workspaces create name',
  'GET /api/v1/workspaces': 'workspaces list',
  'GET /api/v1/workspaces/current': 'workspaces current',
  'GET /api/v1/workspaces/{workspace_id}': `workspaces get ${WORKSPACE}`,
  'PATCH /api/v1/workspaces/{workspace_id}': `workspaces rename ${WORKSPACE} other`,
  'DELETE /api/v1/workspaces/{workspace_id}': `workspaces archive ${WORKSPACE}`,
  'GET /api/v1/fleet': 'fleet',
  'GET /api/v1/fleet/autoscaler': 'fleet autoscaler',
  'GET /api/v1/fleet/autoscaler/desired': 'fleet desired',
  'POST /api/v1/fleet/drain': 'fleet drain node_111111111111111111111111',
  'GET /api/v1/settings': 'settings list',
  'PATCH /api/v1/settings': 'settings set LOG_LEVEL=info',
  'GET /api/v1/audit': 'audit list',
  'GET /api/v1/audit/verify': 'audit verify',
  'GET /api/v1/audit/export': 'audit export',
  'POST /api/v1/webhooks': 'webhooks create https://example.com',
  'GET /api/v1/webhooks': 'webhooks list',
  'GET /api/v1/webhooks/{webhook_id}': 'webhooks get wh_1',
  'PATCH /api/v1/webhooks/{webhook_id}': 'webhooks edit wh_1 --enable',
  'DELETE /api/v1/webhooks/{webhook_id}': 'webhooks rm wh_1',
  'POST /api/v1/webhooks/{webhook_id}/rotate-secret': 'webhooks rotate-secret wh_1',
  'POST /api/v1/webhooks/{webhook_id}/test': 'webhooks test wh_1',
  'POST /api/v1/webhooks/{webhook_id}/replay': 'webhooks replay wh_1',
  'GET /api/v1/webhooks/{webhook_id}/deliveries': 'webhooks deliveries wh_1',
  'GET /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}': 'webhooks delivery wh_1 d_1',
  'POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay': 'webhooks replay wh_1 d_1',
  'GET /': 'info',
  'GET /health': 'health',
};

function lifecycle(noun: string, parameter: string, id: string): Record<string, string> {
  const operations = ['start', 'stop', 'restart', 'hibernate', 'interrupt'];
  return Object.fromEntries(
    operations.map((one) => [`POST /api/v1/${noun}/${parameter}/${one}`, `${noun} ${one} ${id}`]),
  );
}

function conversation(base: string, id: string): Record<string, string> {
  return {
    [`POST ${base}/messages`]: `send ${id} hello`,
    [`GET ${base}/messages`]: `turns list ${id}`,
    [`GET ${base}/turns/{turn_id}`]: `turns get ${id} turn_1`,
    [`GET ${base}/events`]: `logs ${id}`,
    [`GET ${base}/events/stream`]: `logs ${id} --follow`,
    [`GET ${base}/timeline`]: `timeline ${id}`,
    [`GET ${base}/files`]: `files ls ${id}`,
    [`GET ${base}/files/{path}`]: `files get ${id} a`,
    [`PUT ${base}/files`]: `files unpack ${id} ${FILE}`,
    [`PUT ${base}/files/{path}`]: `files put ${id} ${FILE}`,
    [`DELETE ${base}/files/{path}`]: `files rm ${id} a`,
    [`POST ${base}/files/move`]: `files mv ${id} a b`,
  };
}

// What commands look for before they ask is there; everything else is not.
const FOUND: Record<string, unknown> = {
  '/api/v1/keys': list({ id: KEY, name: KEY, replaced_by: null }),
  '/api/v1/workspaces': list({ id: WORKSPACE, name: WORKSPACE }),
  [`/api/v1/agents/${AGENT}`]: { id: AGENT, config: { name: 'one' } },
};

function list(entry: object) {
  return { data: [entry], next_cursor: null };
}

const asked: string[] = [];
let server: Server;

beforeAll(async () => {
  writeFileSync(FILE, 'x');
  vi.spyOn(console, 'log').mockReturnValue();
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  server = createServer(({ method, url }, response) => {
    const { pathname } = new URL(url as string, 'http://x');
    asked.push(`${method} ${pathname}`);
    const body = method === 'GET' ? FOUND[pathname] : undefined;
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
  server.close();
});

test('every operation of the API has a command that asks for it', async () => {
  const { paths } = (await openapiDocument()) as { paths: Record<string, Record<string, unknown>> };
  const operations = Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/v1/') || path === '/' || path === '/health')
    .flatMap(([path, verbs]) => Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`));
  const missing: string[] = [];
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  for (const operation of operations) {
    asked.length = 0;
    const args = COMMANDS[operation]?.split(' ') ?? [];
    await createProgram()
      .parseAsync([...args, '--url', url, '--api-key', 'key'], { from: 'user' })
      .catch(() => {});
    const form = new RegExp(`^${operation.replace(/\{[^}]+\}/g, '[^/]+')}$`);
    if (!asked.some((request) => form.test(request))) missing.push(operation);
  }
  expect(missing).toEqual([]);
  expect(Object.keys(COMMANDS).filter((operation) => !operations.includes(operation))).toEqual([]);
});
