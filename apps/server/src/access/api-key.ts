import { createHash } from 'node:crypto';
import { randomChars } from '@aaas/contract/ids';

const PREFIX = 'aaas_';

/** A new key: 248 bits of chance behind a prefix that scanners of leaked secrets can look for. */
export function newApiKey(): string {
  return `${PREFIX}${randomChars(42)}`;
}

/** What is stored and looked up. A key is long and random, so a plain hash is enough. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** The part of a key that may be shown again. */
export function hintOf(key: string): string {
  return key.length > 16 ? `${key.slice(0, 9)}…` : '…';
}
