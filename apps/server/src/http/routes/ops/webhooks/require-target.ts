import { ApiError, type FieldError } from '@aaas/contract/errors';
import { missingAgents } from '../../../../agents/missing-agents.ts';
import { EgressRefused, resolveTarget } from '../../../../egress/resolve-target.ts';
import type { Api } from '../../../api.ts';

/** Checks where a webhook is to send, as each delivery will again. @returns the address as it is stored. */
export async function requireTarget(api: Api, text: string): Promise<string> {
  const url = URL.parse(text);
  if (!url) throw invalid({ field: 'url', message: 'must be an https:// address' });
  const { WEBHOOK_ALLOW_PRIVATE: allowPrivate, WEBHOOK_ALLOW_HTTP: allowHttp } = api.settings;
  try {
    await resolveTarget(url, { allowPrivate, allowHttp });
  } catch (error) {
    if (error instanceof EgressRefused) throw invalid({ field: 'url', message: error.message });
    throw error;
  }
  url.hash = '';
  return url.href;
}

/** Checks that a filter names agents of the workspace. */
export async function requireAgents(api: Api, workspaceId: string, ids: string[] | null | undefined): Promise<void> {
  if (!ids) return;
  const [missing] = await missingAgents(api.ctx.pool, workspaceId, ids);
  if (missing === undefined) return;
  throw invalid({ field: `agent_ids.${ids.indexOf(missing)}`, message: `there is no agent ${missing}` });
}

function invalid(error: FieldError): ApiError {
  return new ApiError('invalid_request', `${error.field}: ${error.message}.`, { errors: [error] });
}
