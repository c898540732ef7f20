import { Counter, Histogram, type Registry } from 'prom-client';

/** What is counted of the directories of sessions on this node. */
export interface DirectoryMetrics {
  directoryStored(
    outcome: 'stored' | 'unchanged' | 'abandoned' | 'unstorable' | 'failed',
    seconds: number,
    bytes: number,
  ): void;
  directoryRestored(outcome: 'restored' | 'lost' | 'failed', seconds: number, bytes: number): void;
}

const STORED = ['stored', 'unchanged', 'abandoned', 'unstorable', 'failed'];
const RESTORED = ['restored', 'lost', 'failed'];
const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];

export function createDirectoryMetrics(registry: Registry): DirectoryMetrics {
  const registers = [registry];
  const snapshots = new Counter({
    name: 'aaas_directory_snapshots_total',
    help: 'Snapshots of directories on this node: stored; unchanged since the last one; abandoned for a turn; unstorable, being too large; failed.',
    labelNames: ['outcome'],
    registers,
  });
  const restores = new Counter({
    name: 'aaas_directory_restores_total',
    help: 'Directories that came from another node: restored from a snapshot; lost, for there was none; failed, and tried again.',
    labelNames: ['outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'aaas_directory_transfer_seconds',
    help: 'From the begin of a snapshot until it is stored, and of a restore until the directory is in its place.',
    labelNames: ['direction'],
    buckets: SECONDS,
    registers,
  });
  const bytes = new Counter({
    name: 'aaas_directory_transfer_bytes_total',
    help: 'Bytes of archives that were stored and restored.',
    labelNames: ['direction'],
    registers,
  });
  for (const outcome of STORED) snapshots.inc({ outcome }, 0);
  for (const outcome of RESTORED) restores.inc({ outcome }, 0);
  for (const direction of ['store', 'restore']) bytes.inc({ direction }, 0);
  return {
    directoryStored: (outcome, took, size) => {
      snapshots.inc({ outcome });
      if (outcome === 'stored') seconds.observe({ direction: 'store' }, took);
      bytes.inc({ direction: 'store' }, size);
    },
    directoryRestored: (outcome, took, size) => {
      restores.inc({ outcome });
      if (outcome === 'restored') seconds.observe({ direction: 'restore' }, took);
      bytes.inc({ direction: 'restore' }, size);
    },
  };
}
