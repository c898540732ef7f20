import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** A lookup that knows these addresses alone: those that were checked, not what the name leads to by now. */
export function pinnedLookup(addresses: readonly LookupAddress[]): LookupFunction {
  return (host, options, callback) => {
    const [first, ...rest] = addresses;
    if (!first) callback(new Error(`${host} has no address`), []);
    else if (options.all) callback(null, [first, ...rest]);
    else callback(null, first.address, first.family);
  };
}
