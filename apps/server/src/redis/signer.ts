import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/**
 * Proves to the nodes of a fleet that a text comes from one of them. Each purpose has a key of its own, so that a proof
 * for one is none for another.
 */
export class Signer {
  readonly #secret: Buffer;
  readonly #keys = new Map<string, Buffer>();

  /** @param secret of the fleet. */
  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  sign(text: string, purpose: string): string {
    return this.#mac(text, purpose).toString('base64url');
  }

  isSigned(text: string, purpose: string, proof: string): boolean {
    const [given, right] = [Buffer.from(proof, 'base64url'), this.#mac(text, purpose)];
    return given.length === right.length && timingSafeEqual(given, right);
  }

  #mac(text: string, purpose: string): Buffer {
    const key =
      this.#keys.get(purpose) ?? Buffer.from(hkdfSync('sha256', this.#secret, '', `aaas redis ${purpose}`, 32));
    this.#keys.set(purpose, key);
    return createHmac('sha256', key).update(text).digest();
  }
}
