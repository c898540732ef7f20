import { SOCKET_PORT } from './connection-target.ts';

/** On the command line, so that an existing database follows the release and not the file of its first start. */
export function serverArguments(cluster: string, socketDir: string): string[] {
  const settings = {
    // No network: only who may enter the socket's directory reaches the server.
    listen_addresses: '',
    unix_socket_directories: `"${socketDir.replaceAll('"', '""')}"`, // a list: quoted, a path may hold a comma
    unix_socket_permissions: '0700',
    port: String(SOCKET_PORT),
    cluster_name: 'aaas',
    max_connections: '100',
    shared_buffers: '64MB',
    // An acknowledged commit survives the loss of power.
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    // The log is written through as it is written: one call to the disk in each commit, not two.
    wal_sync_method: 'open_datasync',
    // Bounds the log's disk space and how much there is to replay after a crash.
    max_wal_size: '512MB',
    min_wal_size: '80MB',
    checkpoint_timeout: '10min',
    // Without it a query whose client was killed runs to its end.
    client_connection_check_interval: '1s',
    // Four processes less: the data fits in memory, and nothing subscribes to it.
    io_method: 'sync',
    max_logical_replication_workers: '0',
    jit: 'off', // the package has no LLVM
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_destination: 'stderr',
    logging_collector: 'off',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] %a: ',
  };
  return ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
