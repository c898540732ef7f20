import { z } from 'zod';
import { flag, httpUrl, whole } from './forms.ts';

/** Files of agents, and where they outlive their node. */
export const directorySettings = {
  MAX_FILE_BYTES: whole(1, 2 ** 40)
    .default(100 * 1024 * 1024)
    .describe('Bytes of a file that is written over the API, at most.'),
  MAX_ARCHIVE_BYTES: whole(1, 2 ** 43)
    .default(2 * 1024 * 1024 * 1024)
    .describe('Bytes in an archive (downloads of directories, exports, imports), unpacked, at most.'),
  MAX_ARCHIVE_ENTRIES: whole(1, 10_000_000)
    .default(100_000)
    .describe('Files, directories and links in an archive, at most.'),
  DIRECTORY_STORE: z
    .string()
    .regex(
      /^(?:shared|file:\/\/\/[^?#]*|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[\w./-]*)?)$/,
      'must be shared, file:///a/directory or s3://bucket/prefix',
    )
    .optional()
    .describe(
      'Where directories of agents outlive their node: shared (DATA_DIR/sessions is storage that all nodes have in common), file:///directory or s3://bucket/prefix (snapshots). Default: nowhere. See docs/directories.md.',
    ),
  SNAPSHOT_INTERVAL: whole(1, 86_400)
    .default(60)
    .describe('Seconds between two snapshots of the directory of an agent that is awake, at least.'),
  SNAPSHOT_MAX_MB: whole(1, 16_777_216)
    .default(2_048)
    .describe('MiB of files in a directory above which no snapshot of it is stored.'),
  S3_ENDPOINT: httpUrl.optional().describe('Address of an S3-compatible server. Default: that of AWS.'),
  S3_REGION: z.string().min(1).max(64).default('us-east-1').describe('Region of the bucket of DIRECTORY_STORE.'),
  S3_FORCE_PATH_STYLE: flag
    .default(false)
    .describe(
      'true puts the bucket into the path of the address and not into its host name, as MinIO and others need.',
    ),
  AWS_ACCESS_KEY_ID: z
    .string()
    .min(1)
    .optional()
    .describe('Key for the bucket. Default: what the AWS SDK finds by itself, such as the role of the machine.'),
  AWS_SECRET_ACCESS_KEY: z.string().min(1).optional().describe('Secret of AWS_ACCESS_KEY_ID.'),
};
