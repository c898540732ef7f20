import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3');
// Azure answers its machines there with certificates and keys, though the address looks like any other.
const METADATA = '168.63.129.16';

/**
 * Whether an address is one of the public internet: not this machine, a private network, a cloud's metadata, nor one
 * of the forms in which IPv6 carries an IPv4 address (mapped, NAT64, 6to4, Teredo), which could lead back to those.
 * `own`: the addresses of this machine, which may be public ones. Behind a firewall they still lead to what listens here.
 */
export function isPublicAddress(text: string, own: readonly string[] = ownAddresses()): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast' || address.toString() === METADATA) return false;
  if (own.some((one) => ipaddr.isValid(one) && ipaddr.parse(one).toString() === address.toString())) return false;
  // What no list of special ranges names is not assigned yet, or a leftover such as ::127.0.0.1.
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST_V6);
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((found) => (found ?? []).map(({ address }) => address));
}
