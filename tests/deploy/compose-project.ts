import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from './docker.ts';

const SOURCE = fileURLToPath(new URL('../../deploy/compose/', import.meta.url));
/** `docker compose` on a machine of today; `docker-compose` of old speaks the same. */
const [COMPOSE = 'docker', ...COMPOSE_ARGS] = (process.env.COMPOSE ?? 'docker compose').split(' ');

/** deploy/compose as somebody else would run it: a copy of its own, initialised by its own script. */
export interface ComposeProject {
  /** Of secrets/, those that are not empty. */
  secrets: Record<string, string>;
  container(service: string): string;
  up(...files: string[]): Promise<void>;
  /** Removes containers, networks and volumes; `remove` the copy too. */
  down(): Promise<void>;
  logs(): Promise<string>;
  closeSecrets(names: string[]): void;
  remove(): Promise<void>;
}

export async function composeProject(settings: Record<string, string>): Promise<ComposeProject> {
  const directory = mkdtempSync(join(tmpdir(), 'aaas-compose-'));
  const name = `aaas-smoke-${process.pid}`;
  cpSync(SOURCE, directory, { recursive: true, filter: (path) => !/\/(\.env|secrets)$/.test(path) });
  await command('./init.sh', [], { cwd: directory });
  const lines = readFileSync(join(directory, '.env'), 'utf8').split('\n');
  const kept = lines.filter((line) => !((line.split('=', 1)[0] as string) in settings));
  const added = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  writeFileSync(join(directory, '.env'), [...kept, ...added, ''].join('\n'));

  let files = ['-f', 'compose.yaml'];
  const compose = (...args: string[]) =>
    command(COMPOSE, [...COMPOSE_ARGS, '-p', name, ...files, ...args], { cwd: directory });
  const down = async () => {
    await compose('down', '-v', '-t', '5');
  };
  const separator = COMPOSE_ARGS.length === 0 ? '_' : '-';
  return {
    secrets: readSecrets(join(directory, 'secrets')),
    container: (service) => [name, service, '1'].join(separator),
    up: async (...more) => {
      files = ['compose.yaml', ...more].flatMap((file) => ['-f', file]);
      await compose('up', '-d');
    },
    logs: () => compose('logs', '--no-color'),
    closeSecrets: (names) => {
      for (const secret of names) chmodSync(join(directory, 'secrets', secret), 0o600);
    },
    down,
    remove: async () => {
      await down();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function readSecrets(directory: string): Record<string, string> {
  const all = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]);
  return Object.fromEntries(all.filter(([, value]) => value !== ''));
}
