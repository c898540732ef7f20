import { ApiError } from '@aaas/contract/errors';
import { METADATA_MAX } from '@aaas/contract/metadata';

/** Metadata with a change merged into it: a null removes its key. @throws invalid_request when there is too much. */
export function mergeMetadata(
  before: Record<string, string>,
  change: Record<string, string | null> | undefined,
): Record<string, string> {
  const merged = Object.entries({ ...before, ...change }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  if (merged.length > METADATA_MAX) {
    const message = `would have ${merged.length} keys and may have ${METADATA_MAX}; remove some by setting them to null`;
    throw new ApiError('invalid_request', `metadata: ${message}.`, { errors: [{ field: 'metadata', message }] });
  }
  return Object.fromEntries(merged);
}
