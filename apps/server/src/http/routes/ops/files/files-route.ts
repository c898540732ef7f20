import { z } from 'zod';
import { parsePath } from '../../../../directories/confined/parse-path.ts';
import type { SessionPlace } from '../../../../directories/directory-site.ts';
import { locateDirectory, type TakingSite } from '../../../../directories/locate-directory.ts';
import type { Api } from '../../../api.ts';
import { SESSION_ADDRESSES, sessionOf } from '../sessions/session-target.ts';

const inDirectory = {
  '*': z.string().default('').describe('Path from the working directory. Percent-encode what an address cannot hold.'),
};

/** The working directory itself, and what lies in it, by the agent and by the session. */
export const FILES = SESSION_ADDRESSES.flatMap(({ base, params }) =>
  [`${base}/files`, `${base}/files/*`].map((url) => ({ url, params: params.extend(inDirectory) })),
);

export const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

/** What a request about files is about. @throws not_found, directory_elsewhere, invalid_request for a bad path */
export async function filesOf(
  api: Api,
  request: { principal: { workspaceId: string }; params: z.output<(typeof FILES)[number]['params']> },
): Promise<{ place: SessionPlace; names: string[] }> {
  const session = await sessionOf(api, request);
  const names = parsePath(request.params['*']);
  return { place: await locateDirectory(api.ctx.pool, siteOf(api), session), names };
}

/** The entity tags of If-Match or If-None-Match; null without the header. */
export function tagsOf(header: string | undefined): string[] | null {
  if (header === undefined) return null;
  // What compares the weak form of a tag is not asked here: ours are strong.
  return header.split(',').map((tag) => tag.trim());
}

/** Where directories lie on this node. Whoever asks a node without any was sent on to another before. */
export function siteOf(api: Api): TakingSite {
  if (!api.directories) throw new Error('a request about a directory has come to a node that keeps none');
  return api.directories;
}
