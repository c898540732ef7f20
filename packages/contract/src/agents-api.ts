import { z } from 'zod';
import { AGENT_TYPE_NAMES, AgentConfigPatch } from './agent-config.ts';
import { Metadata, MetadataPatch } from './metadata.ts';
import { AgentConfig, StatusName } from './operations-api.ts';

const timestamp = z.iso.datetime().describe('RFC 3339, UTC');
const instant = z.iso.datetime({ offset: true });
const version = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

export const ChangeAgentRequest = z
  .strictObject({
    config: AgentConfigPatch.optional(),
    metadata: MetadataPatch.optional(),
    version: version
      .optional()
      .describe('The newest version as you know it; another one answers 409. `If-Match` says the same.'),
  })
  .meta({ id: 'ChangeAgentRequest' });

export const RollBackAgentRequest = z
  .strictObject({
    version: version.describe('The version to repeat. The result is a new version that equals it.'),
  })
  .meta({ id: 'RollBackAgentRequest' });

export const AgentVersion = z
  .object({
    version: z.number(),
    created_at: timestamp,
    rolled_back_to: z.number().nullable().describe('The version that this one repeats.'),
    config: AgentConfig,
  })
  .meta({ id: 'AgentVersion' });
export type AgentVersion = z.infer<typeof AgentVersion>;

const names = z.array(z.string().min(1).max(256)).min(1).max(20);

/** What agents are meant; all conditions must hold. */
export const AgentFilter = z
  .strictObject({
    status: z.array(StatusName).min(1).max(20).optional(),
    agent_type: z.array(z.enum(AGENT_TYPE_NAMES)).min(1).max(20).optional(),
    model: names.optional(),
    name: z.string().min(1).max(256).optional().describe('The whole name.'),
    q: z.string().min(1).max(256).optional().describe('A part of the name, in any case.'),
    metadata: Metadata.optional().describe('Pairs that the metadata of the agent holds.'),
    created_after: instant.optional(),
    created_before: instant.optional(),
  })
  .meta({ id: 'AgentFilter' });
export type AgentFilter = z.infer<typeof AgentFilter>;

/** Agents that one request may act on. */
export const BULK_MAX = 1_000;

export const BulkRequest = z
  .strictObject({
    action: z.enum(['start', 'stop', 'restart', 'hibernate', 'interrupt', 'delete']),
    agent_ids: z.array(z.string().max(128)).min(1).max(BULK_MAX).optional(),
    filter: AgentFilter.refine((filter) => Object.keys(filter).length > 0, 'must name at least one condition')
      .optional()
      .describe('The agents that match when the request is read, oldest first.'),
  })
  .refine((request) => (request.agent_ids === undefined) !== (request.filter === undefined), {
    message: 'give either agent_ids or filter',
    path: ['agent_ids'],
  })
  .meta({ id: 'BulkRequest' });

export const BulkResult = z
  .object({
    agent_id: z.string(),
    ok: z.boolean(),
    status: StatusName.nullable().describe('Right after; null when it failed.'),
    error: z.object({ status: z.number(), code: z.string(), detail: z.string() }).nullable(),
  })
  .meta({ id: 'BulkResult' });
export type BulkResult = z.infer<typeof BulkResult>;

export const BulkResponse = z
  .object({
    action: z.string(),
    data: z.array(BulkResult).describe('In the order of the request, each agent once.'),
    succeeded: z.number(),
    failed: z.number(),
    truncated: z.boolean().describe(`More than ${BULK_MAX} agents match the filter: send the request again.`),
  })
  .meta({ id: 'BulkResponse' });
