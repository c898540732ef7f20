import { z } from 'zod';
import { parsePath } from '../../../../directories/confined/parse-path.ts';
import { locateDirectory, type SessionPlace } from '../../../../directories/directory-site.ts';
import type { Api } from '../../../api.ts';
import { AgentParams, mainSessionOf } from '../agents/agent-params.ts';

/** The working directory itself, and what lies in it. */
export const FILES = ['/api/v1/agents/:agent_id/files', '/api/v1/agents/:agent_id/files/*'] as const;

export const FilesParams = AgentParams.extend({
  '*': z.string().default('').describe('Path from the working directory. Percent-encode what an address cannot hold.'),
});

export const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

/** What a request about files is about. @throws not_found, directory_elsewhere, invalid_request for a bad path */
export async function filesOf(
  api: Api,
  request: { principal: { workspaceId: string }; params: z.output<typeof FilesParams> },
): Promise<{ place: SessionPlace; names: string[] }> {
  const session = await mainSessionOf(api, request);
  const names = parsePath(request.params['*']);
  return { place: await locateDirectory(api.ctx.pool, api.directories, session), names };
}

/** The entity tags of If-Match or If-None-Match; null without the header. */
export function tagsOf(header: string | undefined): string[] | null {
  if (header === undefined) return null;
  // What compares the weak form of a tag is not asked here: ours are strong.
  return header.split(',').map((tag) => tag.trim());
}
