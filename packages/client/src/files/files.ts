import type { CallOptions } from '../client-options.ts';
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

/** The working directory of an agent. Paths are relative to it; the empty one is the directory itself. */
export function files(transport: Transport, { callWith }: Operations) {
  const put = (agentId: string, path: string, query: object, options: CallOptions, raw?: RawBody) => ({
    ...toCall('put', at(agentId, path), { timeoutMs: UPLOAD_TIMEOUT_MS, ...options, ...query }),
    ...(raw === undefined ? {} : { raw, headers: { 'content-type': 'application/octet-stream', ...options.headers } }),
  });
  return {
    /** What is in a directory. */
    list: (agentId: string, path = '', options: ListFilesOptions = {}): Paged<Entry> =>
      new Paged(async (cursor): Promise<Page<Entry>> => {
        const call = toCall('get', at(agentId, path), options);
        const query = { ...call.query, cursor };
        const { entries, next_cursor } = await transport.json<Schema<'DirectoryListing'>>({ ...call, query }, 'quick');
        return { data: entries, next_cursor };
      }),

    /** A file, to be read as a stream, as text or as bytes. */
    read: (agentId: string, path: string, options: CallOptions = {}): Promise<Response> =>
      transport.raw(toCall('get', at(agentId, path), options), 'quick'),

    /** A directory with everything in it. */
    archive: (agentId: string, path = '', options: CallOptions & { download?: 'tar' | 'tar.gz' } = {}) =>
      transport.raw(
        toCall('get', at(agentId, path), {
          timeoutMs: ARCHIVE_TIMEOUT_MS,
          download: 'tar.gz',
          ...options,
        } as CallOptions),
        'quick',
      ),

    /** Replaces a file whole or not at all. A stream is sent once, anything else until it has arrived. */
    write: (agentId: string, path: string, content: RawBody, { mode, ...options }: WriteFileOptions = {}) =>
      transport.json<Entry>(put(agentId, path, { mode }, options, content), uploadRepeat(content)),

    /** Puts what is in a .tar.gz into a directory. */
    unpack: (agentId: string, path: string, archive: RawBody, options: CallOptions = {}) =>
      transport.json<Schema<'UnpackResult'>>(
        put(agentId, path, { unpack: 'tar.gz' }, options, archive),
        uploadRepeat(archive),
      ),

    makeDirectory: (agentId: string, path: string, options: CallOptions = {}) =>
      transport.json<Entry>(put(agentId, path, { type: 'directory' }, options), 'quick'),

    move: callWith('post', '/api/v1/agents/{agent_id}/files/move'),

    delete: (agentId: string, path: string, options: CallOptions & { recursive?: boolean } = {}) =>
      transport.json<undefined>(toCall('delete', at(agentId, path), options), 'quick'),
  };
}

/** Each part of a path is encoded by itself: its slashes are slashes of the address. */
function at(agentId: string, path: string): string {
  const base = `/api/v1/agents/${encodeURIComponent(agentId)}/files`;
  const parts = path.split('/').filter((part) => part !== '');
  return [base, ...parts.map(encodeURIComponent)].join('/');
}
