import { z } from 'zod';
import { NewKey } from './keys.ts';

const time = z.iso.datetime().describe('RFC 3339, UTC');
const name = z.string().trim().min(1).max(200);

export const CreateWorkspaceRequest = z
  .strictObject({
    name,
    admin_key: z
      .boolean()
      .default(true)
      .describe('true: with a first key that has every scope of a workspace; you must hold them all yourself.'),
  })
  .meta({ id: 'CreateWorkspaceRequest' });

export const ChangeWorkspaceRequest = z.strictObject({ name }).meta({ id: 'ChangeWorkspaceRequest' });

export const Workspace = z
  .object({
    id: z.string(),
    name: z.string(),
    test: z.boolean().describe('true: the test side of another workspace.'),
    test_of: z.string().nullable().describe('The workspace that it is the test side of.'),
    simulated: z.boolean().describe('true: the simulator answers its agents, whatever providers there are.'),
    created_at: time,
    archived_at: time.nullable().describe('Since when its keys are refused and its agents stopped.'),
  })
  .meta({ id: 'Workspace' });
export type Workspace = z.infer<typeof Workspace>;

export const NewWorkspace = Workspace.extend({
  admin_key: NewKey.nullable().describe('Shown this once.'),
}).meta({ id: 'NewWorkspace' });
export type NewWorkspace = z.infer<typeof NewWorkspace>;
