import { z } from 'zod';
import { rolesOf } from '../roles.ts';
import { httpUrl, whole } from './forms.ts';

const roleList = z
  .string()
  .refine((text) => rolesOf(text) !== null, 'must be all, or some of api, worker and gateway with commas between them');

/** This process: what it does, where it listens and lies, and when it counts as gone. */
export const nodeSettings = {
  ENVIRONMENT: z
    .enum(['development', 'staging', 'production'])
    .default('production')
    .describe('Chooses the profile of defaults; docs/settings.md has the table.'),
  ROLES: roleList
    .default('all')
    .describe(
      'What this node does: all, or some of api, worker, gateway with commas between them. Other than all needs DATABASE_URL; see docs/fleet.md.',
    ),
  HOST: z.string().min(1).default('127.0.0.1').describe('Address to listen on.'),
  PORT: whole(0, 65_535).default(8000).describe('Port to listen on; 0 takes a free one.'),
  INTERNAL_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe(
      'Address that this node listens on for the other nodes: one of a private network. Only with DATABASE_URL.',
    ),
  INTERNAL_PORT: whole(0, 65_535)
    .default(0)
    .describe('Port that this node listens on for the other nodes; 0 takes a free one.'),
  NODE_ADDRESS: httpUrl
    .optional()
    .describe('Where the other nodes reach this one. Default: http:// with INTERNAL_HOST and INTERNAL_PORT.'),
  DATA_DIR: z
    .string()
    .min(1)
    .default('./data')
    .describe('Directories of agents, the embedded database, the admin key.'),
  LEASE_TTL: whole(2, 600).default(10).describe('Seconds without a heartbeat after which a node counts as gone.'),
  LEASE_MARGIN: whole(1, 300)
    .default(3)
    .describe(
      'Seconds before the end of a lease that could not be renewed at which agents are frozen; less than LEASE_TTL.',
    ),
};
