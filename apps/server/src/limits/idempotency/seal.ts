import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** What only the caller knows: the platform stores neither of the two. */
export interface CallerSecret {
  /** Empty when the platform asks for none. */
  apiKey: string;
  idempotencyKey: string;
}

/** Encrypts an answer so that only who sends the same two keys again can read it: it may hold a fresh secret. */
export function seal(answer: Buffer, secret: CallerSecret): Buffer {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, salt), nonce);
  const text = Buffer.concat([cipher.update(answer), cipher.final()]);
  return Buffer.concat([salt, nonce, cipher.getAuthTag(), text]);
}

/** @throws when it was sealed under other keys, or changed since. */
export function unseal(sealed: Buffer, secret: CallerSecret): Buffer {
  const salt = sealed.subarray(0, SALT_BYTES);
  const nonce = sealed.subarray(SALT_BYTES, SALT_BYTES + NONCE_BYTES);
  const tag = sealed.subarray(SALT_BYTES + NONCE_BYTES, SALT_BYTES + NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, salt), nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed.subarray(SALT_BYTES + NONCE_BYTES + TAG_BYTES)), decipher.final()]);
}

function keyOf({ apiKey, idempotencyKey }: CallerSecret, salt: Buffer): Buffer {
  const material = JSON.stringify([apiKey, idempotencyKey]);
  return Buffer.from(hkdfSync('sha256', material, salt, 'aaas idempotency answer', KEY_BYTES));
}
