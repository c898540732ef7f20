import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** Where a secret is stored. It opens at that place alone: a row copied to another tenant is worthless. */
export interface SecretPlace {
  table: string;
  column: string;
  row: string;
  workspaceId: string;
}

const ALGORITHM = 'aes-256-gcm';
const VERSION = 'v1';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_CHARS = 12;

/** The keys that stored secrets are encrypted with: the first seals, all of them open. */
export class Keyring {
  readonly #keys: Map<string, Buffer>;
  readonly sealingKeyId: string;

  /** @param keys 32 bytes each, at least one. */
  constructor(keys: [Buffer, ...Buffer[]]) {
    this.#keys = new Map(keys.map((key) => [keyIdOf(key), key]));
    this.sealingKeyId = keyIdOf(keys[0]);
  }

  get keyIds(): string[] {
    return [...this.#keys.keys()];
  }

  /** Encrypts a secret for its place. The text names its key: `v1.<key id>.<base64url>`. */
  seal(plain: string, place: SecretPlace): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key(this.sealingKeyId), iv).setAAD(associatedData(place));
    const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${this.sealedPrefix}${sealed.toString('base64url')}`;
  }

  /** @throws when the key is not in the ring, or the text was changed or belongs to another place. */
  open(sealed: string, place: SecretPlace): string {
    const [version, keyId = '', body = ''] = sealed.split('.');
    const bytes = Buffer.from(body, 'base64url');
    if (version !== VERSION || bytes.length < IV_BYTES + TAG_BYTES)
      throw new Error('failed to open a secret: no such form');
    const decipher = createDecipheriv(ALGORITHM, this.#key(keyId), bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(associatedData(place)).setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
  }

  /** What every text begins with that needs no resealing. */
  get sealedPrefix(): string {
    return `${VERSION}.${this.sealingKeyId}.`;
  }

  #key(id: string): Buffer {
    const key = this.#keys.get(id);
    if (!key)
      throw new Error(`failed to open a secret: it is sealed with the key ${id}, which is not in ENCRYPTION_KEY`);
    return key;
  }
}

function associatedData({ table, column, row, workspaceId }: SecretPlace): Buffer {
  return Buffer.from(JSON.stringify([table, column, row, workspaceId]));
}

/** Names a key without telling anything of it. */
function keyIdOf(key: Buffer): string {
  return createHash('sha256').update('aaas encryption key\0').update(key).digest('hex').slice(0, KEY_ID_CHARS);
}
