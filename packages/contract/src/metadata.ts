import { z } from 'zod';

/** Keys that the metadata of one thing may have. */
export const METADATA_MAX = 16;

const key = z.string().min(1).max(64);
const value = z.string().max(512);

/** Facts of the user's own on a thing of the platform: up to 16 keys of 64 characters, with values of 512. */
export const Metadata = z
  .record(key, value)
  .refine((pairs) => Object.keys(pairs).length <= METADATA_MAX, `at most ${METADATA_MAX} keys`);

/** A merge into metadata: null removes its key. */
export const MetadataPatch = z.record(key, value.nullable()).describe('Merged by key: null removes one.');
