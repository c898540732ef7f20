import ipaddr from 'ipaddr.js';

const IPV6_NETWORK_PARTS = 4;

/**
 * Whose attempts are counted together: an IPv4 address, or the /64 of an IPv6 address, for whoever has one address of
 * it has them all.
 */
export function clientNetwork(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return `${parsed.parts
    .slice(0, IPV6_NETWORK_PARTS)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
