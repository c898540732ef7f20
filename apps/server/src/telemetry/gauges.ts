import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { NodeLoad } from '../fleet/nodes/node-load.ts';
import type { ActiveAgents } from './active-agents.ts';
import { registerSandboxGauges, type SandboxSources } from './sandbox-metrics.ts';

/** What is read when somebody scrapes. */
export interface MetricSources {
  version: string;
  activeAgents: ActiveAgents;
  pool: { totalCount: number; idleCount: number; waitingCount: number };
  /** Null: the database did not answer in time. */
  openApprovals(): Promise<number | null>;
  leaseHeld(): boolean;
  /** Null: this node runs no agents, and has no series about them. */
  worker: WorkerSources | null;
}

/** What is read of the agents of this node. */
export interface WorkerSources extends SandboxSources {
  /** Sessions that it owns. */
  owned(): number;
  /** Process trees of agents that this process answers for, and those that there are. */
  sandboxes: { owned(): number; observed(): Promise<number> };
  warmPool(): { ready: number; starting: number; wanted: number };
  /** Of the places on this node and those that wait for one. */
  load(): NodeLoad;
}

/** Adds what is not counted but read at each scrape, and Node's own metrics. */
export function registerGauges(registry: Registry, sources: MetricSources): void {
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  // Gauges that call themselves totals; the same figures stand beside them by type.
  for (const kind of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  new Gauge({
    name: 'aaas_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node_version'],
    registers,
  }).set({ version: sources.version, node_version: process.versions.node }, 1);

  new Gauge({
    name: 'aaas_database_up',
    help: '1 when the database answered the last scrape in time, else 0.',
    registers,
    async collect() {
      this.set((await sources.activeAgents()) === null ? 0 : 1);
    },
  });
  new Gauge({
    name: 'aaas_active_agents',
    help: 'Agents of the whole platform by status, read from the database: every node reports the same, so take max by (status), never sum.',
    labelNames: ['status'],
    registers,
    async collect() {
      const counts = await sources.activeAgents();
      // Without an answer there is no series: an old number would pass for the present.
      this.reset();
      for (const [status, count] of Object.entries(counts ?? {})) this.set({ status }, count);
    },
  });

  new Gauge({
    name: 'aaas_open_approvals',
    help: 'Tools of the whole platform that wait for an approval, read from the database: every node reports the same, so take max, never sum.',
    registers,
    async collect() {
      const open = await sources.openApprovals();
      // Without an answer there is no series: an old number would pass for the present.
      if (open === null) this.remove();
      else this.set(open);
    },
  });
  new Gauge({
    name: 'aaas_node_lease_held',
    help: '1 while this node may act for its sessions; 0 while they are frozen or taken.',
    registers,
    collect() {
      this.set(sources.leaseHeld() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'aaas_database_connections',
    help: 'Connections of this process to the database: idle, or in use.',
    labelNames: ['state'],
    registers,
    collect() {
      const { totalCount, idleCount } = sources.pool;
      this.set({ state: 'idle' }, idleCount);
      this.set({ state: 'in_use' }, totalCount - idleCount);
    },
  });
  new Gauge({
    name: 'aaas_database_waiting',
    help: 'Statements of this process that wait for a free connection.',
    registers,
    collect() {
      this.set(sources.pool.waitingCount);
    },
  });
  if (sources.worker) registerWorkerGauges(registry, sources.worker);
}

function registerWorkerGauges(registry: Registry, sources: WorkerSources): void {
  const registers = [registry];
  registerSandboxGauges(registry, sources);
  new Gauge({
    name: 'aaas_owned_sessions',
    help: 'Sessions that this node owns.',
    registers,
    collect() {
      this.set(sources.owned());
    },
  });
  new Gauge({
    name: 'aaas_sandboxes_owned',
    help: 'Process trees of agents that this node answers for, warm spares included.',
    registers,
    collect() {
      this.set(sources.sandboxes.owned());
    },
  });
  new Gauge({
    name: 'aaas_sandboxes_observed',
    help: 'Process trees of this node’s agents that there are on the machine; more than owned for longer than a round of the reaper: some cannot be ended.',
    registers,
    async collect() {
      this.set(await sources.sandboxes.observed());
    },
  });
  new Gauge({
    name: 'aaas_warm_pool_spares',
    help: 'Spare processes of this node: ready, starting; wanted: as many as demand asks for.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(sources.warmPool())) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'aaas_places',
    help: 'Places of this node that sessions hold: idle, or working (those that start are working).',
    labelNames: ['state'],
    registers,
    collect() {
      const { idle, working } = sources.load().places;
      this.set({ state: 'idle' }, idle);
      this.set({ state: 'working' }, working);
    },
  });
  new Gauge({
    name: 'aaas_waiting_agents',
    help: 'Sessions of the whole platform that wait for a place, as this node last counted: take max, never sum.',
    registers,
    collect() {
      this.set(sources.load().waiting_agents);
    },
  });
  new Gauge({
    name: 'aaas_memory_available_bytes',
    help: 'Memory that new processes could take on this node, within the limits above it.',
    registers,
    collect() {
      this.set(sources.load().memory.available_bytes);
    },
  });
}
