import { ApiError } from '@aaas/contract/errors';
import { z } from 'zod';

/** `If-Match` with the ETag of an agent, which is its version in quotes. */
export const ifMatch = z
  .string()
  .regex(/^(\*|"[1-9]\d{0,8}")$/, 'must be the ETag of the agent: its version in quotes')
  .optional()
  .describe('The ETag of the agent as you know it; another one answers 409.');

/** The version that the caller believes to be the newest; null: it does not say. */
export function believedVersion(header: string | undefined, body: number | undefined): number | null {
  const said = header === undefined || header === '*' ? undefined : Number(header.slice(1, -1));
  if (said !== undefined && body !== undefined && said !== body) {
    throw new ApiError('invalid_request', `If-Match says version ${said} and the body ${body}. Send one of them.`);
  }
  return said ?? body ?? null;
}

export function etagOf(version: number): string {
  return `"${version}"`;
}

export function versionConflict(version: number): ApiError {
  return new ApiError(
    'version_conflict',
    `The agent has version ${version} by now. Read it again and send the change with that version.`,
  );
}
