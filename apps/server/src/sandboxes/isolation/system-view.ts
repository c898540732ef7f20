import { lstatSync, readlinkSync } from 'node:fs';

// What programs need to run, to know the time and to trust certificates. Nothing that names people, machines or secrets.
const OF_ETC = [
  ...['alternatives', 'ca-certificates', 'ca-certificates.conf', 'crypto-policies', 'debian_version', 'fonts'],
  ...['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'localtime', 'locale.alias', 'magic', 'mime.types', 'os-release'],
  ...['pki/ca-trust', 'pki/tls/certs', 'pki/tls/cert.pem', 'protocols', 'services', 'ssl/certs', 'ssl/cert.pem'],
  ...['ssl/openssl.cnf', 'terminfo', 'timezone'],
];
const AT_ROOT = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
// Memory, and bounded for that: TMPDIR is on disk.
const MEMORY_BYTES = String(64 * 1024 * 1024);

/** The file system of every sandbox but for what is its session's own: arguments for bubblewrap. */
export function systemView(extraPaths: string[]): string[] {
  return [
    ...['--ro-bind', '/usr', '/usr'],
    ...AT_ROOT.flatMap(atRoot),
    ...OF_ETC.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    ...['--proc', '/proc', '--dev', '/dev', '--size', MEMORY_BYTES, '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
    ...['--size', MEMORY_BYTES, '--perms', '1777', '--tmpfs', '/tmp'],
    ...['--dir', '/var', '--symlink', '../tmp', '/var/tmp', '--dir', '/run/aaas/bin'],
    ...extraPaths.flatMap((path) => ['--ro-bind', path, path]),
  ];
}

/** A link into /usr on most systems, a directory of its own on others. */
function atRoot(path: string): string[] {
  const info = lstatSync(path, { throwIfNoEntry: false });
  if (!info) return [];
  return info.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
}
