import { startSimulator } from '@aaas/simulator/start-simulator';
import { findMcpTarget } from '../agents/mcp/find-target.ts';
import { configuredUpstreams } from '../config/configured-upstreams.ts';
import { GuardedClient } from '../egress/guarded-client.ts';
import type { Gateway } from '../gateway/gateway-options.ts';
import type { McpRelay } from '../gateway/mcp/mcp-relay.ts';
import { startGateway } from '../gateway/start-gateway.ts';
import type { Upstream } from '../gateway/upstreams/upstream.ts';
import type { Node } from './open-node.ts';

/** Who answers the agents' model requests, for people. */
export interface Providers {
  /** There is nobody but the simulator. */
  simulated: boolean;
  description: string;
  warnings: string[];
}

/** Starts the model gateway in front of the configured upstreams. @throws StartupError for one that cannot be. */
export async function openGateway(node: Node): Promise<{ gateway: Gateway; providers: Providers }> {
  const { settings, database, keyring, secret, log, closers } = node;
  const { pool } = database;
  const egress = new GuardedClient(() => ({
    allowPrivate: settings.MCP_ALLOW_PRIVATE,
    allowHttp: settings.MCP_ALLOW_HTTP,
  }));
  closers.add('MCP servers', () => egress.close());
  const mcp: McpRelay = { egress, find: (principal, server) => findMcpTarget(pool, keyring, principal, server) };
  const configured = configuredUpstreams(settings, process.env);
  let started: ReturnType<typeof startSimulator> | null = null;
  closers.add('simulator', async () => (await started)?.close());
  async function simulator(own: Partial<Upstream> = {}): Promise<Upstream> {
    started ??= startSimulator({});
    const starting = started;
    try {
      return { ...own, name: 'simulator', baseUrl: (await starting).url, apiKey: null, simulated: true };
    } catch (error) {
      // It is started anew for whoever asks next.
      started = null;
      throw error;
    }
  }
  const upstreams: Upstream[] = [];
  for (const entry of configured.upstreams) upstreams.push('baseUrl' in entry ? entry : await simulator(entry));
  const gateway = await startGateway({ pool, log, upstreams, simulator, settings, tokenSecret: secret, mcp });
  closers.add('gateway', () => gateway.close());
  gateway.models.prefetch();
  const simulated = upstreams.every((upstream) => upstream.simulated);
  const named = upstreams.map((upstream) => (upstream.simulated ? 'simulator' : upstream.baseUrl));
  return { gateway, providers: { simulated, description: named.join(', then '), warnings: configured.warnings } };
}
