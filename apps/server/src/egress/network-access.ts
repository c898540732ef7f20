import type { LookupAddress } from 'node:dns';
import { HOST_GROUPS, parseHostList } from '@aaas/contract/network';
import type { Settings } from '@aaas/contract/settings';
import { EgressRefused, resolveTarget } from './resolve-target.ts';

type NetworkSettings = Pick<Settings, 'NETWORK_ALLOW' | 'NETWORK_LIMIT' | 'NETWORK_ALLOW_PRIVATE'>;

/** Of an entry that names none. */
const PLAIN_PORTS = (port: number) => port === 80 || port === 443;
const ANY_PORT = () => true;

/** What became of it, for the metrics. */
type Note = (outcome: 'allowed' | 'refused') => void;

/**
 * The addresses of a host that an agent wants to reach from its sandbox, checked: they, and no second resolution, must
 * be connected to. `allow`: the agent's own list; null: it goes by NETWORK_ALLOW.
 * @throws EgressRefused with a sentence for the agent.
 */
export async function resolveForAgent(
  target: { host: string; port: number },
  allow: readonly string[] | null,
  settings: NetworkSettings,
  note: Note,
): Promise<LookupAddress[]> {
  try {
    const addresses = await check(target, allow, settings);
    note('allowed');
    return addresses;
  } catch (error) {
    note('refused');
    throw error;
  }
}

async function check(
  target: { host: string; port: number },
  allow: readonly string[] | null,
  settings: NetworkSettings,
): Promise<LookupAddress[]> {
  const host = target.host.toLowerCase().replace(/\.$/, '');
  const named = `${host}:${target.port}`;
  if (!listAllows(allow ?? parseHostList(settings.NETWORK_ALLOW), host, target.port, PLAIN_PORTS)) {
    const where = allow ? 'network.allow of this agent' : 'NETWORK_ALLOW, nor has this agent a network.allow';
    throw new EgressRefused(`${named} is not in ${where}`);
  }
  if (!listAllows(parseHostList(settings.NETWORK_LIMIT), host, target.port, ANY_PORT))
    throw new EgressRefused(`${named} is beyond NETWORK_LIMIT`);
  const url = new URL(`http://${host.includes(':') ? `[${host}]` : host}:${target.port}`);
  const rules = { allowPrivate: settings.NETWORK_ALLOW_PRIVATE, allowHttp: true };
  return resolveTarget(url, rules).catch((error) => {
    throw error instanceof EgressRefused ? new EgressRefused(`${named} ${error.message}`) : error;
  });
}

function listAllows(list: readonly string[], host: string, port: number, unnamed: (port: number) => boolean): boolean {
  return list
    .flatMap((entry) => HOST_GROUPS[entry] ?? [entry.toLowerCase()])
    .some((entry) => {
      const [, name = '', own] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      return (own === undefined ? unnamed(port) : Number(own) === port) && names(name, host);
    });
}

function names(pattern: string, host: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) && host.length >= pattern.length : host === pattern;
}
