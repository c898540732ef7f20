import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool } from '../../apps/server/src/postgres/pool.ts';
import { type HttpMcpServer, startMcpServer } from '../support/mcp-server.ts';
import { type Platform, script } from '../support/platform.ts';
import { startTestPlatform } from '../support/test-platform.ts';

const HEADER = 'Bearer planted-mcp-header-3f9c1e';
const VARIABLE = 'planted-mcp-variable-77ab02';

let platform: Platform;
let greeter: HttpMcpServer;
beforeAll(async () => {
  greeter = await startMcpServer(HEADER);
  platform = await startTestPlatform({
    MCP_ALLOW_PRIVATE: '127.0.0.1',
    MCP_CONNECT_TIMEOUT: '3',
    // Where the servers are that agents start themselves.
    SANDBOX_PATHS: fileURLToPath(new URL('../../node_modules', import.meta.url)),
  });
});
afterAll(async () => {
  await platform?.dispose();
  await greeter?.close();
});

/** One of the official servers, as its package says it is started. */
function official(name: string, args: string[] = [], env: Record<string, string> = {}) {
  const main = fileURLToPath(
    new URL(`../../node_modules/@modelcontextprotocol/${name}/dist/index.js`, import.meta.url),
  );
  return { type: 'stdio', command: process.execPath, args: [main, ...args], env };
}

/** The same, with a variable that names a place in the agent's directory. */
function inDirectory({ command, args, ...server }: ReturnType<typeof official>, variable: string) {
  return { ...server, command: 'sh', args: ['-c', `${variable} exec "$0" "$@"`, command, ...args] };
}

const deploy = (mcp_servers: Record<string, unknown>, config: Record<string, unknown> = {}) =>
  platform.deploy({ agent_type: 'custom', permission_mode: 'bypassPermissions', mcp_servers, ...config });
const say = async (agent: string, message: string): Promise<string> =>
  (await platform.json('POST', `/api/v1/agents/${agent}/messages`, { message })).response;
const log = async (agent: string): Promise<Record<string, unknown>[]> =>
  (await platform.json('GET', `/api/v1/agents/${agent}/events?limit=1000`)).data;
const call = (tool: string, input: object) => script([{ tool, input }, { text: '{{n}}: {{tool_result}}' }]);

describe('servers beside the agent', () => {
  it('the official filesystem, memory and sequential-thinking servers work, and are back after a crash', async () => {
    const agent = await deploy({
      files: official('server-filesystem', ['.']),
      memory: inDirectory(official('server-memory'), 'MEMORY_FILE_PATH=$PWD/memory.json'),
      thinking: official('server-sequential-thinking'),
    });
    const written = await say(agent, call('mcp__files__write_file', { path: 'note.txt', content: 'by the server' }));
    expect(written).toContain('Successfully wrote');
    expect(await say(agent, call('mcp__files__read_text_file', { path: 'note.txt' }))).toContain('by the server');
    const entity = { name: 'AaaS', entityType: 'platform', observations: ['it remembers'] };
    await say(agent, call('mcp__memory__create_entities', { entities: [entity] }));
    await platform.crash();
    await platform.start();
    expect(await say(agent, call('mcp__memory__read_graph', {}))).toContain('it remembers');
    const thought = { thought: 'first', thoughtNumber: 1, totalThoughts: 1, nextThoughtNeeded: false };
    expect(await say(agent, call('mcp__thinking__sequentialthinking', thought))).toContain('thoughtHistoryLength');

    const events = await log(agent);
    const uses = events.filter(({ type }) => type === 'agent.mcp_tool_use');
    expect(uses.map(({ mcp_server_name, name }) => `${mcp_server_name}/${name}`)).toEqual([
      'files/write_file',
      'files/read_text_file',
      'memory/create_entities',
      'memory/read_graph',
      'thinking/sequentialthinking',
    ]);
    const results = events.filter(({ type }) => type === 'agent.mcp_tool_result');
    expect(results.map(({ mcp_tool_use_id }) => mcp_tool_use_id)).toEqual(uses.map(({ id }) => id));
  });

  it('one that does not come up is waited for no longer than MCP_CONNECT_TIMEOUT, and the log says so', async () => {
    const agent = await deploy({
      dead: { type: 'stdio', command: '/nowhere/at/all' },
      deaf: { type: 'stdio', command: 'sleep', args: ['1000'] },
    });
    expect(await say(agent, 'hello')).toBe('Simulated reply 1: hello');
    const failed = (await log(agent)).filter(({ type }) => type === 'x.mcp_server_failed');
    expect(failed.map(({ server }) => server).sort()).toEqual(['dead', 'deaf']);
  });
});

describe('a server over HTTP', () => {
  it('is shown credentials that the agent never has', async () => {
    const agent = await deploy(
      {
        greeter: { type: 'http', url: greeter.url, headers: { Authorization: HEADER } },
        memory: official('server-memory', [], { TOKEN: VARIABLE }),
      },
      { allowed_tools: ['Bash'] },
    );
    expect(await say(agent, call('mcp__greeter__greet', {}))).toContain('hello from afar');
    expect(greeter.seen.at(-1)?.authorization).toBe(HEADER);
    expect(greeter.seen.map((headers) => headers['x-api-key'])).not.toContain(expect.anything());
    // The brackets keep the search from finding itself.
    const inProcesses = `cat /proc/*/cmdline /proc/*/environ 2>/dev/null | command grep -ac 'plante[d]-mcp-header'`;
    const inFiles = `command grep -rl 'plante[d]-mcp-header' .. 2>/dev/null | wc -l`;
    expect(await say(agent, call('Bash', { command: `echo $(${inProcesses}) $(${inFiles})` }))).toBe('2: 0 0');
  });

  it('keeps its credentials out of answers, the database, command lines and the log', async () => {
    const config = {
      greeter: { type: 'http', url: greeter.url, headers: { Authorization: HEADER } },
      memory: official('server-memory', [], { TOKEN: VARIABLE }),
    };
    const agent = await deploy(config);
    await say(agent, 'hello');
    const view = await platform.json('GET', `/api/v1/agents/${agent}`);
    expect(view.config.mcp_servers).toMatchObject({
      greeter: { type: 'http', url: greeter.url, headers: { Authorization: '[set]' } },
      memory: { type: 'stdio', env: { TOKEN: '[set]' } },
    });
    const commandLines = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(commandLineOf)
      .join('\n');
    const exported = await platform.request('GET', `/api/v1/agents/${agent}/versions`);
    const pool = createPool(platform.database, { max: 1, log: { warn: () => {} } });
    const rows = await pool.query(
      `select (select string_agg(c::text, '') from agent_credentials c) || (select string_agg(v::text, '') from agent_versions v)
              || (select string_agg(e::text, '') from events e) as everything`,
    );
    await pool.end();
    for (const place of [
      JSON.stringify(view),
      await exported.text(),
      rows.rows[0].everything,
      commandLines,
      platform.output(),
    ]) {
      expect(place).not.toContain('planted-mcp');
    }
  });

  it('is not reached where a tenant may not reach, and its tools answer to the permissions of the agent', async () => {
    const inside = await deploy({ inside: { type: 'http', url: 'http://169.254.169.254/mcp' } });
    expect(await say(inside, 'hello')).toBe('Simulated reply 1: hello');
    expect((await log(inside)).find(({ type }) => type === 'x.mcp_server_failed')).toMatchObject({ server: 'inside' });

    const server = { type: 'http', url: greeter.url, headers: { Authorization: HEADER } };
    const off = { permission_mode: 'default', approval_timeout_seconds: 0 };
    const asked = await deploy({ greeter: server }, off);
    expect(await say(asked, call('mcp__greeter__greet', {}))).toContain('needs approval');
    const trusted = { ...server, permission: 'allow' };
    await platform.json('PATCH', `/api/v1/agents/${asked}`, { config: { mcp_servers: { greeter: trusted } } });
    expect(await say(asked, call('mcp__greeter__greet', {}))).toContain('2: ');
    expect(await say(asked, call('mcp__greeter__greet', {}))).toContain('hello from afar');
    await platform.json('PATCH', `/api/v1/agents/${asked}`, {
      config: { mcp_servers: { greeter: { ...trusted, tools: ['wave'] } } },
    });
    expect(await say(asked, call('mcp__greeter__greet', {}))).toContain('not allowed');
    // Another address, and the secrets of the old one do not go there.
    const before = greeter.seen.length;
    await platform.json('PATCH', `/api/v1/agents/${asked}`, {
      config: { mcp_servers: { greeter: { type: 'http', url: greeter.url } } },
    });
    await say(asked, 'hello');
    expect(greeter.seen.slice(before).map(({ authorization }) => authorization)).not.toContain(HEADER);
  });
});

it.each([
  [{ 'Bad Name': { type: 'http', url: 'https://example.com' } }, 'mcp_servers.Bad Name'],
  [{ a: { type: 'http', url: 'file:///etc/passwd' } }, 'mcp_servers.a.url'],
  [{ a: { type: 'http', url: 'https://user:secret@example.com' } }, 'mcp_servers.a.url'],
  [{ a: { type: 'http', url: 'https://example.com', headers: { Host: 'x' } } }, 'mcp_servers.a.headers'],
  [{ a: { type: 'socket' } }, 'mcp_servers.a'],
])('refuses %j by name', async (mcp_servers, field) => {
  const refused = await platform.request('POST', '/api/v1/agents', { config: { agent_type: 'custom', mcp_servers } });
  expect(refused.status).toBe(422);
  expect(((await refused.json()) as { errors: { field: string }[] }).errors[0]?.field).toContain(field);
});

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
