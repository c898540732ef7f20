import ipaddr from 'ipaddr.js';

const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address is one of the public internet: not this machine, a private network, a cloud's metadata, nor one
 * of the forms in which IPv6 carries an IPv4 address (mapped, NAT64, 6to4, Teredo), which could lead back to those.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast') return false;
  // What no list of special ranges names is not assigned yet, or a leftover such as ::127.0.0.1.
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST_V6);
}
