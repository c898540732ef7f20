import { randomBytes } from 'node:crypto';

/** Prefixes of every id the platform hands out; `managed-agents` clients rely on the first six. */
export type IdPrefix =
  | 'agent'
  | 'env'
  | 'sesn'
  | 'sevt'
  | 'sthr'
  | 'wrkspc'
  | 'turn'
  | 'node'
  | 'apikey'
  | 'req'
  | 'mreq'
  | 'wh'
  | 'query'
  | 'cred'
  | 'cell'
  | 'snap'
  | 'dir';

// In ASCII order, so that ids sort by the time of their making.
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const TIME_CHARS = 8;
const RANDOM_CHARS = 16;

/** A new id: prefix, 8 characters of time in milliseconds, 16 random ones (93 bits). Sorts by time. */
export function newId(prefix: IdPrefix, now: number = Date.now()): string {
  let time = '';
  for (let rest = now, i = 0; i < TIME_CHARS; i++, rest = Math.floor(rest / 58)) time = ALPHABET[rest % 58] + time;
  return `${prefix}_${time}${randomChars(RANDOM_CHARS)}`;
}

/** `count` characters of base58, each uniformly random. */
export function randomChars(count: number): string {
  let text = '';
  while (text.length < count) {
    for (const byte of randomBytes(count * 2)) {
      // 232 = 4 * 58: bytes above it would favour the first characters of the alphabet.
      if (byte < 232 && text.length < count) text += ALPHABET[byte % 58];
    }
  }
  return text;
}
