import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { freePort, type Platform, script, until } from '../support/platform.ts';
import { findProcesses } from '../support/processes.ts';
import { startTestPlatform } from '../support/test-platform.ts';

let platform: Platform;
let agent: DeployedAgent;
let openUrl: string;
beforeAll(async () => {
  const port = await freePort();
  openUrl = `http://127.0.0.1:${port}/metrics`;
  platform = await startTestPlatform({ METRICS_PORT: String(port), RECOVERY_BACKOFF_SECONDS: '0' });
  agent = await deployAgent(platform);
});
afterAll(() => platform?.dispose());

async function scrape(): Promise<string> {
  const response = await platform.request('GET', '/metrics');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return response.text();
}

/** The value of a series, 0 when there is none. */
function seriesIn(text: string, series: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? 0);
}

it('counts what happens to agents, messages and requests', async () => {
  const other = await deployAgent(platform, { agent_type: 'finance' }, false);
  await agent.say('hello');
  await agent.say(script([{ wait_ms: 600 }, { text: 'slow' }]));
  await platform.json('DELETE', other.path);

  const text = await scrape();
  expect(seriesIn(text, 'aaas_agents_created_total{agent_type="code"}')).toBe(1);
  expect(seriesIn(text, 'aaas_agents_created_total{agent_type="finance"}')).toBe(1);
  expect(seriesIn(text, 'aaas_agents_deleted_total')).toBe(1);
  expect(seriesIn(text, 'aaas_message_duration_seconds_count{agent_type="code"}')).toBe(2);
  expect(seriesIn(text, 'aaas_message_duration_seconds_sum{agent_type="code"}')).toBeGreaterThan(0.6);
  const sent = 'method="POST",endpoint="/api/v1/agents/:agent_id/messages"';
  expect(seriesIn(text, `aaas_http_request_duration_seconds_count{${sent}}`)).toBe(2);
  expect(seriesIn(text, 'aaas_active_agents{status="idle"}')).toBe(1);
  expect(seriesIn(text, 'aaas_active_agents{status="error"}')).toBe(0);
  expect(seriesIn(text, 'aaas_database_up')).toBe(1);
  expect(seriesIn(text, 'aaas_owned_sessions')).toBeGreaterThanOrEqual(1);
  expect(text).toMatch(/^aaas_build_info\{version="\d+\.\d+\.\d+",node_version="24\.\d+\.\d+"\} 1$/m);
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
});

it('counts lost processes and failed turns by what they were', async () => {
  const turn = await agent.begin(script([{ wait_ms: 3_000 }, { text: 'done' }]));
  await until(async () => (await agent.turn(turn)).state === 'running');
  const lost = findProcesses(agent.root).find((found) => found.command.includes('claude'));
  process.kill(lost?.pid as number, 'SIGKILL');
  expect((await agent.ended(turn)).response).toBe('done');
  await platform.json('PATCH', '/api/v1/settings', { AGENT_TIMEOUT: 1 });
  expect((await agent.post(script([{ wait_ms: 5_000 }]))).status).toBe(502);

  const text = await scrape();
  expect(seriesIn(text, 'aaas_agent_errors_total{error_type="process_killed"}')).toBe(1);
  expect(seriesIn(text, 'aaas_agent_errors_total{error_type="turn_timed_out"}')).toBe(1);
});

it('never makes a series of what a caller invents', async () => {
  for (const path of ['/api/v1/agents/agent_nobody', '/nowhere/at-all', '/api/v1/agents/x/y/z', '/%2e%2e/etc']) {
    await (await platform.request('GET', path)).text();
  }
  await (await platform.request('PROPFIND', '/nowhere')).text();
  const text = await scrape();
  expect(text).not.toMatch(/nobody|nowhere|PROPFIND|etc/);
  expect(seriesIn(text, 'aaas_http_request_duration_seconds_count{method="GET",endpoint="unmatched"}')).toBe(3);
  const views = 'method="GET",endpoint="/api/v1/agents/:agent_id"';
  expect(seriesIn(text, `aaas_http_request_duration_seconds_count{${views}}`)).toBeGreaterThan(0);
  for (const id of [agent.id, agent.sessionId, 'wrkspc_']) expect(text).not.toContain(id);
});

it('gives metrics to keys that may see the platform, and without a key on the port of their own alone', async () => {
  expect((await fetch(`${platform.url}/metrics`)).status).toBe(401);
  const { key } = await platform.json('POST', '/api/v1/keys', { name: 'reader', scopes: ['agents:read'] });
  expect((await platform.request('GET', '/metrics', undefined, { 'x-api-key': key })).status).toBe(403);

  const open = await fetch(openUrl);
  expect(open.status).toBe(200);
  expect(seriesIn(await open.text(), 'aaas_agents_created_total{agent_type="code"}')).toBe(1);
  expect((await fetch(openUrl.replace('/metrics', '/api/v1/agents'))).status).toBe(404);
  expect((await fetch(openUrl, { method: 'POST' })).status).toBe(404);
});

it('is read without complaint by Prometheus', async (context) => {
  const promtool = spawnSync('promtool', ['check', 'metrics'], { input: await scrape(), encoding: 'utf8' });
  if (promtool.error) return context.skip('promtool is not installed');
  expect(promtool.stdout + promtool.stderr).toBe('');
  expect(promtool.status).toBe(0);
});

it('serves none while METRICS_ENABLED is false', async () => {
  await platform.json('PATCH', '/api/v1/settings', { METRICS_ENABLED: false });
  expect((await platform.request('GET', '/metrics')).status).toBe(404);
  expect((await fetch(openUrl)).status).toBe(404);
});
