import type { CallOptions } from '../client-options.ts';
import { addressOf, type ConversationId, eitherOf } from '../conversation-address.ts';
import type { Schema } from '../operations/operation-types.ts';
import { type Operations, toCall } from '../operations/operations.ts';
import { type Page, Paged } from '../paging/paged.ts';
import type { RawBody, Transport } from '../transport/transport.ts';
import { UPLOAD_TIMEOUT_MS, uploadRepeat } from '../transport/upload.ts';

type Entry = Schema<'FileEntry'>;

export interface ListFilesOptions extends CallOptions {
  /** Also what is in its directories. */
  recursive?: boolean;
  limit?: number;
}

export interface WriteFileOptions extends CallOptions {
  /** Permission bits in octal, for example `755`. */
  mode?: string;
}

// A large directory is packed before the first byte of the archive leaves.
const ARCHIVE_TIMEOUT_MS = 600_000;

/** The working directory of an agent or a session. Paths are relative to it; the empty one is the directory itself. */
export function files(transport: Transport, { callWith }: Operations) {
  const put = (id: ConversationId, path: string, query: object, options: CallOptions, raw?: RawBody) => ({
    ...toCall('put', at(id, path), { timeoutMs: UPLOAD_TIMEOUT_MS, ...options, ...query }),
    ...(raw === undefined ? {} : { raw, headers: { 'content-type': 'application/octet-stream', ...options.headers } }),
  });
  return {
    /** What is in a directory. */
    list: (id: ConversationId, path = '', options: ListFilesOptions = {}): Paged<Entry> =>
      new Paged(async (cursor): Promise<Page<Entry>> => {
        const call = toCall('get', at(id, path), options);
        const query = { ...call.query, cursor };
        const { entries, next_cursor } = await transport.json<Schema<'DirectoryListing'>>({ ...call, query }, 'quick');
        return { data: entries, next_cursor };
      }),

    /** A file, to be read as a stream, as text or as bytes. */
    read: (id: ConversationId, path: string, options: CallOptions = {}): Promise<Response> =>
      transport.raw(toCall('get', at(id, path), options), 'quick'),

    /** A directory with everything in it. */
    archive: (id: ConversationId, path = '', options: CallOptions & { download?: 'tar' | 'tar.gz' } = {}) =>
      transport.raw(
        toCall('get', at(id, path), {
          timeoutMs: ARCHIVE_TIMEOUT_MS,
          download: 'tar.gz',
          ...options,
        } as CallOptions),
        'quick',
      ),

    /** Replaces a file whole or not at all. A stream is sent once, anything else until it has arrived. */
    write: (id: ConversationId, path: string, content: RawBody, { mode, ...options }: WriteFileOptions = {}) =>
      transport.json<Entry>(put(id, path, { mode }, options, content), uploadRepeat(content)),

    /** Puts what is in a .tar.gz into a directory. */
    unpack: (id: ConversationId, path: string, archive: RawBody, options: CallOptions = {}) =>
      transport.json<Schema<'UnpackResult'>>(
        put(id, path, { unpack: 'tar.gz' }, options, archive),
        uploadRepeat(archive),
      ),

    makeDirectory: (id: ConversationId, path: string, options: CallOptions = {}) =>
      transport.json<Entry>(put(id, path, { type: 'directory' }, options), 'quick'),

    move: eitherOf(
      callWith('post', '/api/v1/agents/{agent_id}/files/move'),
      callWith('post', '/api/v1/sessions/{session_id}/files/move'),
    ),

    delete: (id: ConversationId, path: string, options: CallOptions & { recursive?: boolean } = {}) =>
      transport.json<undefined>(toCall('delete', at(id, path), options), 'quick'),
  };
}

/** Each part of a path is encoded by itself: its slashes are slashes of the address. */
function at(id: ConversationId, path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  return [`${addressOf(id)}/files`, ...parts.map(encodeURIComponent)].join('/');
}
