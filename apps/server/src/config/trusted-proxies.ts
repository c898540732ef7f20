import type { Settings } from '@aaas/contract/settings';
import ipaddr from 'ipaddr.js';

/**
 * Addresses and networks of TRUST_PROXY. A mere number of proxies is no choice: whoever reaches the server past them
 * could then claim any address.
 */
export function trustedProxies({ TRUST_PROXY: text }: Pick<Settings, 'TRUST_PROXY'>): string[] {
  return text.toLowerCase() === 'false' ? [] : text.split(',').map((proxy) => proxy.trim());
}

/** Whether it is an address or a network. Short forms of IPv4 are refused: 10 would be 0.0.0.10. */
export function isProxy(text: string): boolean {
  return (
    ipaddr.IPv4.isValidFourPartDecimal(text) ||
    ipaddr.IPv4.isValidCIDRFourPartDecimal(text) ||
    ipaddr.IPv6.isValid(text) ||
    ipaddr.IPv6.isValidCIDR(text)
  );
}
