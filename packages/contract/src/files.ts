import { z } from 'zod';

/** Something in a working directory. */
export const FileEntry = z
  .object({
    name: z.string().describe('Its last part. Bytes that are not UTF-8 show as U+FFFD.'),
    path: z
      .string()
      .nullable()
      .describe('From the working directory. null: the name is not UTF-8, so that no address can name it.'),
    type: z
      .enum(['file', 'directory', 'symlink', 'other'])
      .describe('symlink: shown, never followed; other: a pipe, a socket or a device.'),
    size_bytes: z.number(),
    modified_at: z.iso.datetime(),
    mode: z.string().describe('Permission bits in octal, for example 0644.'),
    etag: z.string().optional().describe('Of files: for If-Match and If-None-Match.'),
    target: z.string().optional().describe('Of symlinks: what it points to, as it is written.'),
  })
  .meta({ id: 'FileEntry' });
export type FileEntry = z.infer<typeof FileEntry>;

export const DirectoryListing = z
  .object({
    path: z.string().describe('From the working directory; empty for the working directory itself.'),
    entries: z.array(FileEntry).describe('In the order of the bytes of their names.'),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'DirectoryListing' });
export type DirectoryListing = z.infer<typeof DirectoryListing>;

export const MoveFileRequest = z
  .strictObject({
    from: z.string().min(1).max(4_096).describe('Path from the working directory.'),
    to: z.string().min(1).max(4_096).describe('Its new path; directories on the way are made.'),
    overwrite: z.boolean().default(false).describe('A file at the new path is replaced.'),
  })
  .meta({ id: 'MoveFileRequest' });
export type MoveFileRequest = z.infer<typeof MoveFileRequest>;

export const UnpackResult = z
  .object({
    path: z.string(),
    files: z.number().describe('Files that were written.'),
    directories: z.number().describe('Directories in the archive.'),
    symlinks: z.number(),
    size_bytes: z.number(),
  })
  .meta({ id: 'UnpackResult' });
export type UnpackResult = z.infer<typeof UnpackResult>;
