import { describe, expect, it } from 'vitest';
import { isPublicAddress } from './is-public-address.ts';
import { type EgressRules, type Resolvers, resolveTarget } from './resolve-target.ts';

const PUBLIC = ['1.1.1.1', '93.184.216.34', '100.63.255.255', '172.15.0.1', '172.32.0.1', '2606:4700::1111', '2a00::1'];
const NOT_PUBLIC = [
  ...['0.0.0.0', '0.1.2.3', '127.0.0.1', '127.255.0.1', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  ...['169.254.169.254', '169.254.1.1', '100.64.0.1', '100.127.255.255', '192.0.0.170', '192.0.2.1', '198.18.0.1'],
  ...['198.19.255.255', '198.51.100.1', '203.0.113.1', '192.88.99.1', '224.0.0.1', '239.1.1.1', '240.0.0.1'],
  ...['255.255.255.255', '::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:8.8.8.8'],
  ...['64:ff9b::7f00:1', '64:ff9b:1::a00:1', '2002:7f00:1::', '2001:0:1::1', '2001:db8::1', '3fff::1', '100::1'],
  ...['fd00:ec2::254', 'fc00::1', 'fe80::1', 'fec0::1', 'ff02::1', '4000::1', '5f00::1', 'fe80::1%eth0', 'x', ''],
  '168.63.129.16',
];

it('knows which addresses are of the public internet', () => {
  for (const address of PUBLIC) expect([address, isPublicAddress(address)]).toEqual([address, true]);
  for (const address of NOT_PUBLIC) expect([address, isPublicAddress(address)]).toEqual([address, false]);
});

it('takes no address of this machine for one, however it is written', () => {
  const own = ['93.184.216.34', '2606:4700::1'];
  for (const address of [...own, '2606:4700:0::0001'])
    expect([address, isPublicAddress(address, own)]).toEqual([address, false]);
  expect(isPublicAddress('93.184.216.35', own)).toBe(true);
});

const NAMES: Record<string, string[]> = {
  'hooks.example.com': ['93.184.216.34', '2606:4700::1111'],
  'rebinding.example.com': ['93.184.216.34', '127.0.0.1'],
  'six.example.com': ['::ffff:169.254.169.254'],
  'nat64.example.com': ['64:ff9b::a9fe:a9fe'],
};
const INSIDE: Record<string, string[]> = { 'hooks.internal': ['10.1.0.7'], 'a.svc.local': ['10.2.0.1'] };
const resolvers: Resolvers = { public: async (host) => NAMES[host] ?? [], system: async (host) => INSIDE[host] ?? [] };

function resolve(url: string, rules: Partial<EgressRules> = {}): Promise<string[]> {
  return resolveTarget(new URL(url), { allowPrivate: undefined, allowHttp: false, ...rules }, resolvers).then(
    (found) => found.map(({ address }) => address),
    (error: Error) => Promise.reject(error),
  );
}

describe('a target', () => {
  it('leads to the addresses that were checked', async () => {
    expect(await resolve('https://hooks.example.com/x')).toEqual(NAMES['hooks.example.com']);
    expect(await resolve('https://HOOKS.example.com.:8443/')).toEqual(NAMES['hooks.example.com']);
    expect(await resolve('http://hooks.example.com/', { allowHttp: true })).toHaveLength(2);
    expect(await resolve('https://[2606:4700::1111]/')).toEqual(['2606:4700::1111']);
  });

  it.each([
    ...['https://rebinding.example.com', 'https://six.example.com', 'https://nat64.example.com'],
    ...[
      'https://hooks.internal',
      'https://nowhere.example.com',
      'https://127.0.0.1',
      'https://127.1',
      'https://2130706433',
    ],
    ...[
      'https://0x7f.0.0.1',
      'https://0177.0.0.1',
      'https://[::1]',
      'https://[::ffff:7f00:1]',
      'https://0',
      'https://localhost',
    ],
    ...['https://169.254.169.254/latest/meta-data', 'https://[fd00:ec2::254]', 'https://①②⑦.0.0.1'],
  ])('is refused with the same words inside as nowhere: %s', async (url) => {
    await expect(resolve(url)).rejects.toThrow('must name a host that resolves, and to public addresses alone');
  });

  it('is refused for its scheme, its port or what it gives away', async () => {
    await expect(resolve('http://hooks.example.com')).rejects.toThrow('must begin with https://');
    await expect(resolve('ftp://hooks.example.com')).rejects.toThrow('must begin with https://');
    await expect(resolve('https://user:pw@hooks.example.com')).rejects.toThrow('must not hold a user name');
    await expect(resolve('https://hooks.example.com:25')).rejects.toThrow('must use port');
  });

  it('is reached inside when the operator has allowed it, and no other', async () => {
    const allowPrivate = '10.1.0.0/16, 127.0.0.1, *.svc.local, fd12::/16';
    expect(await resolve('http://hooks.internal:81', { allowPrivate })).toEqual(['10.1.0.7']);
    expect(await resolve('http://a.svc.local', { allowPrivate })).toEqual(['10.2.0.1']);
    expect(await resolve('http://127.1:9', { allowPrivate })).toEqual(['127.0.0.1']);
    expect(await resolve('http://[::ffff:127.0.0.1]:9', { allowPrivate })).toEqual(['::ffff:7f00:1']);
    expect(await resolve('https://hooks.internal', { allowPrivate: 'hooks.internal' })).toEqual(['10.1.0.7']);
    for (const url of ['https://10.2.0.1', 'https://svc.local', 'https://127.0.0.2', 'https://x.hooks.internal'])
      await expect(resolve(url, { allowPrivate })).rejects.toThrow('public addresses alone');
    // One good address does not make up for a bad one.
    await expect(resolve('https://rebinding.example.com', { allowPrivate: '10.0.0.0/8' })).rejects.toThrow('alone');
  });
});
