import ipaddr from 'ipaddr.js';

/** What an operator lets requests reach although it is not public. */
export interface AllowedTargets {
  networks: [ipaddr.IPv4 | ipaddr.IPv6, number][];
  hosts: string[];
}

/** Reads a list such as `10.1.0.0/16, 192.168.0.7, hooks.internal, *.svc.cluster.local`. */
export function parseAllowedTargets(list: string | undefined): AllowedTargets {
  const allowed: AllowedTargets = { networks: [], hosts: [] };
  for (const entry of (list ?? '').split(',').map((part) => part.trim().toLowerCase())) {
    if (entry === '') continue;
    if (ipaddr.isValidCIDR(entry)) allowed.networks.push(ipaddr.parseCIDR(entry));
    else if (ipaddr.isValid(entry)) {
      const address = ipaddr.parse(entry);
      allowed.networks.push([address, address.kind() === 'ipv4' ? 32 : 128]);
    } else allowed.hosts.push(entry.replace(/\.$/, ''));
  }
  return allowed;
}

export function allowsAddress(allowed: AllowedTargets, text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  // ::ffff:10.1.0.7 reaches 10.1.0.7.
  const address = ipaddr.process(text);
  return allowed.networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
}

export function allowsHost(allowed: AllowedTargets, host: string): boolean {
  return allowed.hosts.some((entry) =>
    entry.startsWith('*.') ? host.endsWith(entry.slice(1)) && host.length > entry.length - 1 : host === entry,
  );
}
