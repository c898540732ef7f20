import { ApiError } from '@aaas/contract/errors';
import type { Api } from '../../../api.ts';

/**
 * Refuses a model that every upstream of the workspace has said it does not have. One that may work passes.
 * @throws ApiError invalid_request on `config.model`, with the names that resemble it.
 */
export async function requireModel(api: Api, workspaceId: string, model: string): Promise<void> {
  const near = await api.models.missing(workspaceId, model);
  if (near === null) return;
  const hint = near.length > 0 ? `Near names: ${near.join(', ')}. ` : '';
  const message = `no upstream serves ${JSON.stringify(model)}. ${hint}GET /api/v1/models lists what there is`;
  throw new ApiError('invalid_request', `config.model: ${message}.`, { errors: [{ field: 'config.model', message }] });
}
