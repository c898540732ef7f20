import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import type { TranscriptEntry } from '../../sessions/log/append.ts';

/**
 * The SDK's store of transcripts, on our log. The session's id alone is the key: a transcript must be found again when
 * its directory has moved. Claude Code gives up on a batch after three refusals and goes on without it, so `append`
 * waits for a database that is away, and refuses only when all is lost.
 */
export function transcriptStore(target: {
  append(entries: TranscriptEntry[], parsed: Record<string, unknown>[]): Promise<void>;
  load(subpath: string): Promise<string[]>;
}): SessionStore {
  return {
    append: async (key, entries) => {
      const rows = entries.map((entry) => toRow(key, entry));
      const parsed = key.subpath === undefined ? (entries as unknown as Record<string, unknown>[]) : [];
      await target.append(rows, parsed);
    },
    load: async (key) => {
      const rows = await target.load(key.subpath ?? '');
      return rows.length === 0 ? null : rows.map((row) => JSON.parse(row));
    },
  };
}

function toRow(key: SessionKey, entry: SessionStoreEntry): TranscriptEntry {
  const uuid = (entry as { uuid?: unknown }).uuid;
  return { subpath: key.subpath ?? '', uuid: typeof uuid === 'string' ? uuid : null, entry: JSON.stringify(entry) };
}
