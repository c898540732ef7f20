import { SettingList } from '@aaas/contract/settings-api';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';

export function listSettings(app: App, api: Api): void {
  app.get(
    '/api/v1/settings',
    {
      config: { operation: 'settings.list', scope: 'platform:read' },
      schema: {
        tags: ['settings'],
        summary: 'List the settings as they are in force on this node, and where each comes from',
        response: { 200: SettingList, ...problems },
      },
    },
    async () => ({ data: api.live.view() }),
  );
}
