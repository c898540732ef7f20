import { createHash } from 'node:crypto';
import { randomChars } from '@aaas/contract/ids';

const PREFIX = 'aaas_';
const TEST_PREFIX = 'aaas_test_';
const SHOWN_CHARS = 4;

/** A new key: 246 bits of chance behind a prefix that scanners of leaked secrets can look for. */
export function newApiKey(test = false): string {
  return `${test ? TEST_PREFIX : PREFIX}${randomChars(42)}`;
}

/** What is stored and looked up. A key is long and random, so a plain hash is enough. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** The part of a key that may be shown again. Of a key that somebody thought up, nothing may. */
export function hintOf(key: string): string {
  const prefix = [TEST_PREFIX, PREFIX].find((start) => key.startsWith(start));
  return prefix && key.length >= prefix.length + 42 ? `${key.slice(0, prefix.length + SHOWN_CHARS)}…` : '…';
}
