import { promises as dns, type LookupAddress, lookup } from 'node:dns';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { type AllowedTargets, allowsAddress, allowsHost, parseAllowedTargets } from './allowed-targets.ts';
import { isPublicAddress } from './is-public-address.ts';

/** What a tenant may make the platform send requests to. */
export interface EgressRules {
  /** A list for `parseAllowedTargets`. */
  allowPrivate: string | undefined;
  allowHttp: boolean;
}

/** The address may not be reached. The message is for the tenant: it tells nothing of the network inside. */
export class EgressRefused extends Error {
  override name = 'EgressRefused';
}

export interface Resolvers {
  /** As the public DNS knows a name, without the machine's own files. */
  public(host: string): Promise<string[]>;
  /** As the machine knows it. Takes a thread of the process's few while it waits: only for names that an operator gave. */
  system(host: string): Promise<string[]>;
}

const WELL_KNOWN_PORTS = new Set(['', '80', '443']);
const FIRST_FREE_PORT = 1024;
const DNS_TIMEOUT_MS = 3_000;
const DNS_TRIES = 2;

/**
 * Checks where an address leads and returns the IP addresses to connect to. They, and no second resolution, must be
 * used: the name may lead elsewhere a moment later.
 * @throws EgressRefused
 */
export async function resolveTarget(
  url: URL,
  rules: EgressRules,
  resolvers: Resolvers = systemResolvers,
): Promise<LookupAddress[]> {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new EgressRefused('must begin with https://');
  if (url.username !== '' || url.password !== '') throw new EgressRefused('must not hold a user name or a password');
  const allowed = parseAllowedTargets(rules.allowPrivate);
  const host = hostOf(url);
  const addresses = await addressesOf(host, allowed, resolvers);
  const isAllowed = (address: string) => allowsAddress(allowed, address);
  if (addresses.length > 0 && (allowsHost(allowed, host) || addresses.every(isAllowed))) return withFamily(addresses);
  if (url.protocol === 'http:' && !rules.allowHttp) throw new EgressRefused('must begin with https://');
  if (!WELL_KNOWN_PORTS.has(url.port) && Number(url.port) < FIRST_FREE_PORT)
    throw new EgressRefused('must use port 80, 443, or one from 1024 on');
  // One sentence for both: what exists inside must not be found out by asking.
  if (addresses.length === 0 || !addresses.every((address) => isPublicAddress(address) || isAllowed(address)))
    throw new EgressRefused('must name a host that resolves, and to public addresses alone');
  return withFamily(addresses);
}

function withFamily(addresses: string[]): LookupAddress[] {
  return addresses.map((address) => ({ address, family: isIP(address) }));
}

function hostOf(url: URL): string {
  return url.hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

async function addressesOf(host: string, allowed: AllowedTargets, resolvers: Resolvers): Promise<string[]> {
  // The URL's parser has brought every spelling of an IPv4 address (127.1, 0x7f000001) into this form.
  if (isIP(host)) return [host];
  if (allowsHost(allowed, host)) return resolvers.system(host).catch(() => []);
  const found = await resolvers.public(host).catch(() => []);
  if (found.length > 0 || allowed.networks.length === 0) return found;
  return resolvers.system(host).catch(() => []);
}

const lookupAll = promisify(lookup);

const systemResolvers: Resolvers = {
  public: async (host) => {
    const resolver = new dns.Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES });
    const [v4, v6] = await Promise.all([
      resolver.resolve4(host).catch(() => []),
      resolver.resolve6(host).catch(() => []),
    ]);
    return [...v4, ...v6];
  },
  system: async (host) => (await lookupAll(host, { all: true })).map(({ address }) => address),
};
