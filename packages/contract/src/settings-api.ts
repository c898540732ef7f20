import { z } from 'zod';

const value = z.union([z.string(), z.number(), z.boolean()]);

export const SettingView = z
  .object({
    name: z.string(),
    value: value.nullable().describe('Of a secret: `[set]`. null: not set.'),
    source: z
      .enum(['live', 'environment', 'file', '.env', 'profile', 'default', 'unset'])
      .describe('Where the value comes from; live: changed through this API.'),
    default: value.nullable(),
    live: z.boolean().describe('It may be changed while the platform runs.'),
    secret: z.boolean(),
    description: z.string(),
    updated_at: z.iso.datetime().nullable(),
    updated_by: z.string().nullable().describe('The key that changed it.'),
  })
  .meta({ id: 'Setting' });
export type SettingView = z.infer<typeof SettingView>;

export const SettingList = z.object({ data: z.array(SettingView) }).meta({ id: 'SettingList' });
export type SettingList = z.infer<typeof SettingList>;

export const ChangeSettingsRequest = z
  .record(z.string(), value.nullable())
  .refine((changes) => Object.keys(changes).length > 0, 'must name at least one setting')
  .describe('New values by name; null goes back to what the node was started with.')
  .meta({ id: 'ChangeSettingsRequest' });
export type ChangeSettingsRequest = z.infer<typeof ChangeSettingsRequest>;
