import { Readable } from 'node:stream';
import type { Settings } from '@aaas/contract/settings';
import { contentOf } from '../archives/pack-directory.ts';
import { ArchiveMissing, type DirectoryStore } from './directory-store.ts';

export type S3Settings = Pick<
  Settings,
  'S3_ENDPOINT' | 'S3_REGION' | 'S3_FORCE_PATH_STYLE' | 'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY'
>;

const CONNECT_WITHIN_MS = 10_000;
/** Between two packets: a server that has stopped to answer is not waited for. */
const SILENT_MS = 60_000;
const ATTEMPTS = 4;
/** Two are held in memory at a time; an upload has 10,000 at most. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_MAX = 9_000;

/** Archives in a bucket of S3, or of what speaks its protocol. `bucket` and `prefix` as in DIRECTORY_STORE. */
export async function openS3Store(
  location: string,
  { bucket, prefix }: { bucket: string; prefix: string },
  settings: S3Settings,
): Promise<DirectoryStore> {
  // Loaded late, for they are large, and few need them.
  const { S3Client, GetObjectCommand, DeleteObjectCommand, NoSuchKey } = await import('@aws-sdk/client-s3');
  const { Upload } = await import('@aws-sdk/lib-storage');
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = settings;
  const client = new S3Client({
    region: settings.S3_REGION,
    forcePathStyle: settings.S3_FORCE_PATH_STYLE,
    maxAttempts: ATTEMPTS,
    // Compatible servers do not all know the newer checksums; ours is in the database.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_WITHIN_MS, socketTimeout: SILENT_MS },
    ...(settings.S3_ENDPOINT ? { endpoint: settings.S3_ENDPOINT } : {}),
    ...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {}),
  });
  const at = (key: string) => ({ Bucket: bucket, Key: prefix === '' ? key : `${prefix}/${key}` });
  return {
    location,
    put: async (key, file, size, signal) => {
      const Body = Readable.from(contentOf(file, size, key));
      const upload = new Upload({
        client,
        params: {
          ...at(key),
          Body,
          ContentType: 'application/zstd',
        },
        partSize: Math.max(PART_BYTES, Math.ceil(size / PARTS_MAX)),
        queueSize: 2,
      });
      const abort = () => void upload.abort();
      signal.addEventListener('abort', abort, { once: true });
      try {
        signal.throwIfAborted();
        await upload.done();
      } finally {
        signal.removeEventListener('abort', abort);
        Body.destroy();
      }
    },
    get: async (key, signal) => {
      try {
        const { Body } = await client.send(new GetObjectCommand(at(key)), { abortSignal: signal });
        return Body as Readable as AsyncIterable<Buffer>;
      } catch (error) {
        throw error instanceof NoSuchKey ? new ArchiveMissing(location, key) : error;
      }
    },
    remove: async (key) => {
      await client.send(new DeleteObjectCommand(at(key)));
    },
    close: () => client.destroy(),
  };
}
