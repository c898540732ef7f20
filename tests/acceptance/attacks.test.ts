import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedAgent, deployAgent } from '../support/deployed-agent.ts';
import { type Platform, script, startPlatform, until } from '../support/platform.ts';
import { findProcesses, isAlive } from '../support/processes.ts';
import { passableDirectory } from '../support/test-platform.ts';

const AS_ROOT = process.getuid?.() === 0;
const HAS_BUBBLEWRAP = spawnSync('bwrap', ['--version']).status === 0;
if (process.env.CI && !(AS_ROOT && HAS_BUBBLEWRAP)) throw new Error('root and bubblewrap are needed here');

/** Whether any user of this machine may make namespaces, and with them mounts, of its own. */
const ANYBODY_MOUNTS =
  spawnSync('setpriv', ['--reuid', '65534', '--regid', '65534', '--clear-groups', 'unshare', '-Urm', 'true']).status ===
  0;
/** Of the machine, and open to all of its users. */
const outside = passableDirectory();
writeFileSync(join(outside, 'open.txt'), 'of the machine', { mode: 0o644 });
const MARK = `left-${process.pid}`;

/** A program of the operator that listens on the loopback and asks nobody for a key. */
let neighbour: Server;
let neighbourPort: number;
beforeAll(async () => {
  neighbour = createServer((_, res) => res.end('of the operator')).listen(0, '127.0.0.1');
  await until(() => neighbour.listening);
  neighbourPort = (neighbour.address() as AddressInfo).port;
});
afterAll(() => {
  neighbour.close();
  rmSync(outside, { recursive: true, force: true });
  rmSync(`/tmp/${MARK}`, { force: true });
});

interface Scene {
  platform: Platform;
  other: DeployedAgent;
  otherPid: number;
  otherToken: string;
  otherTranscript: string;
}

/** What an agent tries, as a condition of the shell that holds when it has succeeded, and whether it does at level `user`. */
function attacks({ platform, other, otherPid, otherToken, otherTranscript }: Scene): [string, string, boolean][] {
  const { dataDir } = platform;
  return [
    ['read a file of another agent', `cat ${other.directory}/private.txt`, false],
    ['write one', `echo x > ${other.directory}/x`, false],
    ["write another's transcript", `echo '{}' >> ${otherTranscript}`, false],
    ['read the admin key', `cat ${dataDir}/admin.key`, false],
    ['see which sessions there are', `ls ${dataDir}/sessions | grep ${other.sessionId}`, false],
    ['write into the data directory', `echo x > ${dataDir}/x`, false],
    [
      'reach the embedded database',
      `curl -s -m 3 --unix-socket ${dataDir}/postgres/sock/.s.PGSQL.5432 http://x; [ $? -ne 7 ]`,
      false,
    ],
    ['read the environment of the server', `tr '\\0' '\\n' < /proc/${platform.pid}/environ | grep AAAS_`, false],
    ['read that of another agent', `tr '\\0' '\\n' < /proc/${otherPid}/environ | grep AAAS_`, false],
    ['read the memory of another agent', `head -c 1 /proc/${otherPid}/maps`, false],
    ['stop another agent', `kill -STOP ${otherPid}`, false],
    ['signal the server', `kill -0 ${platform.pid}`, false],
    ['read the shadow file', 'cat /etc/shadow', false],
    ['open a raw device', 'head -c 1 /dev/mem || head -c 1 /dev/vda || head -c 1 /dev/sda', false],
    ['make one', 'mknod dev c 1 1 && head -c 1 dev', false],
    ['mount', 'mount -t tmpfs none /mnt', false],
    ['make a cgroup', 'mkdir /sys/fs/cgroup/evil || mkdir /sys/fs/cgroup/memory/evil', false],
    ['have a capability', "grep -E 'Cap(Eff|Prm|Amb):' /proc/self/status | grep -v 0000000000000000", false],
    // What a user of its own does not stop.
    ['see what else runs on the machine', "cat /proc/[0-9]*/cmdline | grep -a 'start/mai[n].ts'", true],
    ["read what is open to the machine's users", `cat ${outside}/open.txt`, true],
    ["learn the machine's users", 'grep postgres /etc/passwd || grep daemon /etc/passwd', true],
    ['reach a port of the loopback', `curl -sf -m 3 --noproxy '*' http://127.0.0.1:${neighbourPort}/`, true],
    ['reach the API of the platform', `curl -s -m 3 --noproxy '*' ${platform.url}/health | grep version`, true],
    ['gain rights by a setuid program', "grep 'NoNewPrivs:.0' /proc/self/status", true],
    ['use a stolen token', `curl -sf -m 5 -H 'x-api-key: ${otherToken}' "$ANTHROPIC_BASE_URL/v1/models"`, true],
    ['make namespaces and mount in them', 'unshare -Urm mount -t tmpfs none /mnt', ANYBODY_MOUNTS],
  ];
}

async function setScene(platform: Platform): Promise<Scene> {
  const other = await deployAgent(platform, {});
  await other.say('hello');
  writeFileSync(join(other.directory, 'private.txt'), 'of the other', { mode: 0o644 });
  const { pid } = await other.view();
  const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
  const config = join(other.root, 'config');
  const transcript = readdirSync(config, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.jsonl'));
  return {
    platform,
    other,
    otherPid: pid,
    otherToken: /ANTHROPIC_API_KEY=([^\0]+)/.exec(environment)?.[1] ?? '',
    otherTranscript: join(config, transcript ?? 'no transcript'),
  };
}

/** Lets an agent run a program of the shell and returns what it printed. */
async function run(agent: DeployedAgent, platform: Platform, program: string): Promise<string> {
  const put = await fetch(`${platform.url}${agent.path}/files/program.sh`, {
    method: 'PUT',
    headers: { 'x-api-key': platform.key, 'content-type': 'application/octet-stream' },
    body: program,
  });
  expect(put.ok).toBe(true);
  const steps = [{ tool: 'Bash', input: { command: 'sh program.sh 2>&1' } }, { text: '{{tool_result}}' }];
  return (await agent.say(script(steps))).response;
}

const deployAttacker = (platform: Platform, config: Record<string, unknown> = {}) =>
  deployAgent(platform, { permission_mode: 'bypassPermissions', ...config });

describe.runIf(AS_ROOT && HAS_BUBBLEWRAP).each(['sandbox', 'user'] as const)('at isolation %s', (level) => {
  let platform: Platform;
  let scene: Scene;
  let attacker: DeployedAgent;
  beforeAll(async () => {
    // The embedded database is one of the things attacked. `sandbox` is what the default comes to.
    platform = await startPlatform(level === 'sandbox' ? { NETWORK_ALLOW_PRIVATE: '127.0.0.1' } : { ISOLATION: level });
    [scene, attacker] = await Promise.all([setScene(platform), deployAttacker(platform)]);
  });
  afterAll(() => platform?.dispose());

  it('stops what it is said to stop, and nothing that it is said not to', async () => {
    expect((await platform.json('GET', '/health')).enforcement).toMatchObject({ isolation: level });
    expect([scene.otherToken, existsSync(scene.otherTranscript)]).toEqual([expect.stringMatching(/^aaas-gw\./), true]);
    const list = attacks(scene);
    const before = readFileSync(scene.otherTranscript, 'utf8');
    const program = list.map(([, condition], n) => `if ( ${condition} ) >/dev/null 2>&1; then echo "done-${n}."; fi`);
    const printed = await run(attacker, platform, [...program, `echo x > /tmp/${MARK}`, 'echo end', ''].join('\n'));
    expect(printed).toContain('end');
    const succeeded = list.filter((_, n) => printed.includes(`done-${n}.`)).map(([name]) => name);
    expect(succeeded).toEqual(list.filter(([, , atUser]) => level === 'user' && atUser).map(([name]) => name));
    // Its /tmp is its own.
    expect(existsSync(`/tmp/${MARK}`)).toBe(level === 'user');
    expect(readFileSync(scene.otherTranscript, 'utf8')).toBe(before);
    expect((await scene.other.view()).pid).toBe(scene.otherPid);
    expect((await scene.other.say('still there?')).response).toBe('Simulated reply 2: still there?');
  });

  it('does not let the files API follow a link out of its directory', async () => {
    const { dataDir, key } = platform;
    await run(attacker, platform, `ln -s ${dataDir}/admin.key key; ln -s / top; ln -s ${scene.other.directory} other`);
    for (const path of ['key', 'top/etc/shadow', 'other/private.txt']) {
      const answer = await platform.request('GET', `${attacker.path}/files/${path}`);
      expect([path, answer.status]).toEqual([path, expect.toSatisfy((status) => status === 404 || status === 409)]);
      expect(await answer.text()).not.toMatch(new RegExp(`${key}|of the other|root:`));
    }
  });

  it('ends everything that an agent has started, however much and however well hidden', async () => {
    const hidden = 'sleep 6181';
    // Bounded: what keeps a fork bomb small are the limits (resource-limits.test.ts); here is asked what becomes of it.
    const bomb = `i=0; while [ $i -lt 150 ]; do env -i setsid ${hidden} >/dev/null 2>&1 & i=$((i + 1)); done; echo lit`;
    expect(await run(attacker, platform, bomb)).toContain('lit');
    const alive = () => findProcesses(hidden.replace(' ', '\0')).filter(({ pid }) => isAlive(pid)).length;
    expect(alive()).toBeGreaterThan(50);
    expect((await scene.other.say('undisturbed?')).response).toMatch(/^Simulated reply \d+: undisturbed\?$/);
    await attacker.order('stop');
    await attacker.reaches('stopped');
    expect(alive()).toBe(0);
    await attacker.order('start');
    expect((await attacker.say('hello')).response).toMatch(/hello$/);
  });

  if (level === 'sandbox') {
    const get = (url: string, how = '') =>
      `curl -sS -m 10 --noproxy '' ${how} -w '[%{http_code}/%{http_connect}]' ${url} 2>&1; echo`;

    it('lets out only to the hosts of a list, and never to what is not public', async () => {
      const address = `127.0.0.1:${neighbourPort}`;
      const listed = await deployAttacker(platform, {
        network: { allow: [address, '*', '169.254.169.254', '10.0.0.1'] },
      });
      const printed = await run(
        listed,
        platform,
        [
          get(`http://${address}/plain`),
          get(`http://${address}/tunnel`, '-p'),
          ...['http://169.254.169.254/latest/', 'http://10.0.0.1/', 'http://[::1]/'].map((url) => get(url)),
          get('https://127.0.0.2/'),
          get('http://nobody.invalid/'),
          // Past the proxy there is nothing at all.
          "curl -sS -m 5 --noproxy '*' http://1.1.1.1/ 2>&1 || true",
        ].join('\n'),
      );
      const lines = printed.split('\n').filter((line) => line.trim() !== '');
      expect(lines[0]).toBe('of the operator[200/000]');
      expect(lines[1]).toBe('of the operator[200/200]');
      expect(printed.match(/\[403\/000\]|\[000\/403\]/g)).toHaveLength(5);
      expect(printed.split('of the operator')).toHaveLength(3);
      expect(printed).toMatch(/Couldn't connect|Failed to connect|unreachable/);

      // A list of its own takes the place of the platform's; a change takes a new process, and no new agent.
      await platform.json('PATCH', listed.path, { config: { network: { allow: ['example.com'] } } });
      expect(await run(listed, platform, get(`http://${address}/`))).toContain('[403/000]');
      await platform.json('PATCH', listed.path, { config: { network: null } });
      expect(await run(listed, platform, get(`http://${address}/`))).toContain('NETWORK_ALLOW');
      await platform.json('PATCH', '/api/v1/settings', { NETWORK_ALLOW: address });
      await until(async () => (await run(listed, platform, get(`http://${address}/`))).includes('of the operator'));
      await platform.json('PATCH', '/api/v1/settings', { NETWORK_LIMIT: 'example.com' });
      await until(async () => (await run(listed, platform, get(`http://${address}/`))).includes('NETWORK_LIMIT'));
    });

    it('refuses a list that it cannot read', async () => {
      for (const entry of ['http://example.com', 'exam ple.com', '*.*', 'example.com:port', '@everything', '']) {
        const answer = await platform.request('POST', '/api/v1/agents', {
          config: { agent_type: 'code', network: { allow: [entry] } },
        });
        expect([entry, answer.status, await answer.text()]).toEqual([entry, 422, expect.stringContaining('network')]);
      }
    });

    it('gives the pid of the program itself, which can be stopped and killed', async () => {
      const { pid } = await attacker.view();
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]).toMatch(/\/claude$/);
      process.kill(pid, 'SIGKILL');
      await until(async () => ![pid, null].includes((await attacker.view()).pid));
      const step = (await platform.json('GET', `${attacker.path}/timeline?limit=1000`)).data.findLast(
        ({ reason }: { reason: string }) => reason === 'process_killed',
      );
      expect(step.detail).toContain('ended by SIGKILL');
      expect((await attacker.say('back?')).response).toMatch(/back\?$/);
    });
  } else {
    it('does not start an agent whose network it would have to limit', async () => {
      const agent = await deployAgent(platform, { network: { allow: ['example.com'] } });
      await agent.reaches('error');
      expect(await agent.view()).toMatchObject({
        status_reason: 'start_refused',
        status_detail: expect.stringContaining('its isolation is user'),
      });
    });
  }
});
