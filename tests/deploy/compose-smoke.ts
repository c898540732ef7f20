// The image and the compose file, for real: node tests/deploy/compose-smoke.ts <image of the platform>
// Needs a Docker engine. POSTGRES_IMAGE, COMPOSE and DOCKER say which ones to use where the usual ones are not at hand.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkImage } from './check-image.ts';
import { composeProject } from './compose-project.ts';
import { docker, inside, inspect } from './docker.ts';

const image = process.argv[2];
assert.ok(image, 'usage: node tests/deploy/compose-smoke.ts <image>');
const PORT = 8_731;
const URL_BASE = `http://127.0.0.1:${PORT}`;
const HEALTHY_WITHIN_MS = 90_000;
const began = performance.now();
const say = (text: string) => console.log(`[${((performance.now() - began) / 1000).toFixed(0)} s] ${text}`);

const project = await composeProject({
  AAAS_IMAGE: image,
  AAAS_PORT: String(PORT),
  AAAS_MEMORY: '2g',
  LOG_LEVEL: 'debug',
  ...(process.env.POSTGRES_IMAGE ? { POSTGRES_IMAGE: process.env.POSTGRES_IMAGE } : {}),
});
const platform = project.container('platform');
// Without a database of its own, to start beside the other: the embedded one serves.
const alone = `aaas-smoke-alone-${process.pid}`;
try {
  await docker('run', '-d', '--name', alone, '--network=none', '--read-only', '--tmpfs=/tmp', '--cap-drop=ALL', image);
  await project.up();
  await healthy(platform);
  say('compose is up and healthy');
  await checkImage(image, Object.values(project.secrets));
  say('the image is what it should be');

  const agent = await deploy();
  assert.match(await agent.ask('hello'), /^Simulated reply 1: hello$/);
  say('an agent answers');
  await checkConfinement(agent);
  await checkMetrics();
  say('it is confined, and its metrics are read');

  await inside(platform, 'node', '-e', 'process.kill(JSON.parse(fs.readFileSync("/data/server.json")).pid, "SIGKILL")');
  await until(async () => (await inspect(platform)).RestartCount === 1, 'the engine restarts what was killed');
  await ready();
  assert.match(await agent.ask('still there?'), /^Simulated reply 3: still there\?$/);
  say('the agent counts on after kill -9');

  await docker('restart', '-t', '40', platform);
  await ready();
  assert.match(await agent.ask('and now?'), /^Simulated reply 4: and now\?$/);
  await checkLogs();
  say('the agent counts on after docker restart, and no secret is in the log');

  await healthy(alone);
  assert.match(await inside(alone, 'aaas', 'health'), /ok/);
  say('the image alone is healthy too, on the embedded database');

  await docker('stop', '-t', '40', platform);
  assert.equal((await inspect(platform)).State.ExitCode, 0);
  say('it stops cleanly');

  await project.down();
  project.closeSecrets(['database_url', 'api_key', 'anthropic_api_key']);
  await project.up('isolated.yaml');
  await ready();
  assert.equal((await get('/health')).enforcement.isolation, 'user');
  const seen = await (await deploy()).run('id; cat /run/secrets/database_url; grep Cap /proc/self/status');
  assert.match(seen, /uid=\d{6,}\b/);
  assert.match(seen, /database_url: Permission denied/);
  assert.match(seen, /CapEff:\s+0{16}/);
  say('with isolated.yaml the agent is a user of its own');
} catch (error) {
  console.error(await project.logs().catch(String));
  console.error(await docker('logs', alone).catch(String));
  throw error;
} finally {
  await docker('rm', '-f', '-v', alone).catch(() => {});
  await project.remove();
}

async function checkConfinement(agent: Agent): Promise<void> {
  const { HostConfig } = await inspect(platform);
  assert.equal(HostConfig.ReadonlyRootfs, true);
  assert.deepEqual(HostConfig.CapDrop, ['ALL']);
  assert.ok(HostConfig.SecurityOpt.some((option: string) => option.startsWith('no-new-privileges')));
  assert.equal(HostConfig.Memory, 2 * 1024 ** 3);
  assert.equal(HostConfig.PidsLimit, 4_096);
  assert.equal(await inside(platform, 'id', '-u'), '1000');
  assert.match(await inside(platform, 'touch', '/app/x'), /Read-only file system/);
  assert.deepEqual((await inspect(project.container('postgres'))).HostConfig.PortBindings ?? {}, {});
  // The platform says what it can enforce here: its agents share its user.
  assert.equal((await get('/health')).enforcement.isolation, 'process');
  const seen = await agent.run('id; grep -E "Cap|NoNew" /proc/self/status; touch /app/x');
  assert.match(seen, /uid=1000\b/);
  assert.match(seen, /CapEff:\s+0{16}/);
  assert.match(seen, /NoNewPrivs:\s+1/);
  assert.match(seen, /Read-only file system/);
}

async function checkMetrics(): Promise<void> {
  const answer = await fetch(`${URL_BASE}/metrics`, { headers: { 'x-api-key': project.secrets.api_key as string } });
  assert.match(await answer.text(), /^aaas_agents_created_total\{agent_type="code"\} 1$/m);
  assert.equal((await fetch(`${URL_BASE}/metrics`)).status, 401);
  const ask = 'fetch("http://platform:9464/metrics").then((r) => r.text()).then(console.log)';
  assert.match(await inside(platform, 'node', '-e', ask), /^aaas_database_up 1$/m);
}

async function checkLogs(): Promise<void> {
  const log = await docker('logs', platform);
  assert.match(log, /"operation":"agents\.messages\.send"/);
  for (const [name, value] of Object.entries(project.secrets)) assert.ok(!log.includes(value), `${name} is in the log`);
}

interface Agent {
  ask(message: string): Promise<string>;
  /** Lets the agent run a command and returns what it printed. */
  run(shell: string): Promise<string>;
}

async function deploy(): Promise<Agent> {
  const { endpoint } = await get('/api/v1/agents', { config: { agent_type: 'code' } });
  const ask = async (message: string) => (await get(`${endpoint}/messages`, { message })).response;
  return {
    ask,
    run: (shell) => {
      const steps = [{ tool: 'Bash', input: { command: `(${shell}) 2>&1` } }, { text: '{{tool_result}}' }];
      return ask(`please\n\`\`\`simulate\n${JSON.stringify(steps)}\n\`\`\``);
    },
  };
}

/** A request to the API; with a body it is a POST. */
// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
async function get(path: string, body?: unknown): Promise<any> {
  const response = await fetch(`${URL_BASE}${path}`, {
    headers: { 'x-api-key': project.secrets.api_key as string, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(response.ok, `${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

async function ready(): Promise<void> {
  await until(async () => (await fetch(`${URL_BASE}/health/ready`).catch(() => null))?.ok === true, 'it is ready');
}

async function healthy(container: string): Promise<void> {
  await until(async () => {
    const { State, RestartCount } = await inspect(container);
    assert.ok(RestartCount < 3, `${container} ends again and again`);
    return State.Health?.Status === 'healthy';
  }, `${container} is healthy`);
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (const deadline = Date.now() + HEALTHY_WITHIN_MS; ; await sleep(200)) {
    if (await condition()) return;
    if (Date.now() > deadline) throw new Error(`not within ${HEALTHY_WITHIN_MS / 1000} s: ${what}`);
  }
}
