import { createHash } from 'node:crypto';

/**
 * The uuid under which Claude Code knows an input. It follows from the input's id, so that a message that is sent
 * again after a crash is recognised as the same one.
 */
export function messageUuid(inputId: string): `${string}-${string}-${string}-${string}-${string}` {
  const hex = createHash('sha256').update(inputId).digest('hex');
  // Version 8 (custom) and the RFC 9562 variant.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
