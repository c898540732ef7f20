import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, fetch } from 'undici';
import { freePort, until } from './platform.ts';

/** A real nginx with the configuration that is shipped, in front of these servers. */
export interface Nginx {
  readonly url: string;
  /** Trusts its certificate. */
  readonly dispatcher: Agent;
  close(): Promise<void>;
}

const CONFIGURATION = fileURLToPath(new URL('../../deploy/nginx/nginx.conf', import.meta.url));

/** Where the program is; null: it is not installed. */
export function systemNginx(): string | null {
  try {
    return execFileSync('sh', ['-c', 'PATH=$PATH:/usr/sbin command -v nginx'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}

export async function startNginx(program: string, servers: string[]): Promise<Nginx> {
  const directory = mkdtempSync(join(tmpdir(), 'aaas-nginx-'));
  const port = await freePort();
  mkdirSync(join(directory, 'tls'));
  const tls = { key: join(directory, 'tls/key.pem'), cert: join(directory, 'tls/cert.pem') };
  execFileSync(
    'openssl',
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost'
      .split(' ')
      .concat('-keyout', tls.key, '-out', tls.cert),
    { stdio: 'ignore' },
  );
  const lines = servers.map((server) => `server ${new URL(server).host} max_fails=0;`).join('\n');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(directory, name)};`)
    .join('\n');
  const text = readFileSync(CONFIGURATION, 'utf8')
    .replace(/^( *)server api-\d.*$/gm, '')
    .replace('keepalive 64;', `${lines}\nkeepalive 64;`)
    .replace('listen 443', `listen 127.0.0.1:${port}`)
    .replace('aaas.example.com', 'localhost')
    .replace('http {', `http {\n${temporary}`)
    // Prefix paths of a configuration are relative to it.
    .replaceAll('tls/', `${directory}/tls/`)
    .replace('worker_processes auto', 'daemon off; worker_processes 1');
  writeFileSync(join(directory, 'nginx.conf'), text);
  const args = ['-c', join(directory, 'nginx.conf'), '-p', directory];
  let errors = '';
  const child: ChildProcess = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr?.setEncoding('utf8').on('data', (data: string) => {
    errors += data;
  });
  // Over HTTP/2, undici leaves requests lying behind a stream for ever once their session was cut off.
  const dispatcher = new Agent({ connect: { ca: readFileSync(tls.cert, 'utf8') }, allowH2: false });
  const url = `https://localhost:${port}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${errors}`);
    return fetch(`${url}/health/live`, { dispatcher }).then(
      () => true,
      () => false,
    );
  });
  return {
    url,
    dispatcher,
    close: async () => {
      await dispatcher.destroy();
      const gone = once(child, 'exit');
      child.kill('SIGQUIT');
      setTimeout(() => child.kill('SIGKILL'), 2_000).unref();
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
