import { ChangeSettingsRequest, SettingList } from '@aaas/contract/settings-api';
import { changeSettings as change } from '../../../../settings/change-settings.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';

export function changeSettings(app: App, api: Api): void {
  app.patch(
    '/api/v1/settings',
    {
      config: { operation: 'settings.change', scope: 'platform:write' },
      schema: {
        tags: ['settings'],
        summary: 'Change live settings on all nodes',
        description:
          'All of the changes or none. In force on this node with the answer, on every other within 2 seconds. null takes a change back.',
        body: ChangeSettingsRequest,
        response: { 200: SettingList, ...problems },
      },
    },
    async (request) => {
      await change(api.live, api.ctx.pool, request.body, request.principal.keyId);
      return { data: api.live.view() };
    },
  );
}
