/** For tests of sessions: a database, a context, and agents in it. */

import { randomBytes } from 'node:crypto';
import { newId } from '@aaas/contract/ids';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { createAgent } from '../agents/create-agent.ts';
import { defineAgent } from '../agents/define-agent.ts';
import { ensureDefaultEnvironment } from '../environments/default-environment.ts';
import { OomWitness } from '../sandboxes/health/oom-witness.ts';
import { StartGate } from '../sandboxes/spawn/start-gate.ts';
import { Keyring } from '../secrets/keyring.ts';
import { StreamHub } from '../streams/stream-hub.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import type { SandboxCare } from './lifecycle/sandbox-care.ts';
import type { SessionContext } from './session-context.ts';

export const WORKSPACE = 'wrkspc_test';

export function testContext(pool: Pool): SessionContext {
  return {
    pool,
    streams: new StreamHub(),
    log: pino({ level: 'silent' }),
    metrics: createMetrics(),
    keyring: new Keyring([randomBytes(32)]),
    now: () => new Date(),
    region: null,
    frozen: () => false,
  };
}

/** Nobody is found unhealthy, and nothing waits to start. */
export function testCare(): SandboxCare {
  return {
    health: { watch: () => () => {}, oom: new OomWitness() },
    starts: new StartGate({ limit: () => 100, hasMemory: () => true, onAdmitted: () => {}, onDelayed: () => {} }),
  };
}

/** A session of a new agent; with `start` it is runnable. */
export async function addSession(ctx: SessionContext, start = true): Promise<string> {
  await ctx.pool.query(`insert into workspaces (id, name) values ($1, 'test') on conflict do nothing`, [WORKSPACE]);
  const environmentId = await ensureDefaultEnvironment(ctx.pool, WORKSPACE);
  const definition = defineAgent({ agent_type: 'general' }, { name: 'test', model: 'claude-sonnet-5-5' });
  const created = await createAgent(ctx, WORKSPACE, environmentId, newId('agent'), definition, start);
  return created.sessionId;
}
